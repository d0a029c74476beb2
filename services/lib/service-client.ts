import { existsSync, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { type Dispatcher, Pool } from "undici";
import type { Context } from "./context.ts";
import { type Instance, instanceName } from "./database/instance.ts";
import { HostResolver, type Lookup } from "./database/resolve-hosts.ts";
import { DoubtedPods } from "./doubted-pods.ts";
import { unavailable } from "./operation-outcome.ts";
import { purposeHeader } from "./purpose-of-use.ts";

export interface ServiceClientOptions {
  /** The service's name: `record`. */
  name: string;
  /** Where it stands: `record` is `record.<domain>`. */
  domain: string;
  port?: number;
  /** The authority of its certificate; without one plain HTTP is spoken, for tests. */
  caFile?: string | undefined;
  log: Logger;
  lookup?: Lookup;
}

export interface ServiceRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With the service's own prefix: `/fhir/Patient/1`. */
  path: string;
  /** A write must bring `Idempotency-Key`, or be harmless when it is done twice: it is sent again when its answer is lost. */
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

export interface ServiceAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** An answer whose body follows as it is taken; that of a refusal (400 and more) is at hand. */
export interface StreamedAnswer extends Omit<ServiceAnswer, "body"> {
  body: Buffer | ReadableStream<Uint8Array>;
}

const connectTimeoutMs = 500;
/** A pod that says nothing for so long is asked beside it whether it is there, and ready. */
const silenceMs = 500;
/** One that is there and says nothing for so long is tried no longer. A repetition of a request that it holds does no harm. */
const attemptMs = 6000;
const attemptsMax = 8;
/** And at once when a pod fails: a name with two dots costs six questions to the DNS. */
const lookupEveryMs = 10_000;
/** Answers by which a pod says that another one, or a moment later, may do better. */
const passing = new Set([502, 503, 504]);

/**
 * Calls another service of the platform, pod by pod: each is found by name and remembered. One that is dead costs the requests that it has a
 * second, one that is frozen three, and the requests after them nothing; a request is sent to another pod until its deadline.
 */
export class ServiceClient {
  readonly #options: ServiceClientOptions;
  readonly #host: string;
  readonly #resolver: HostResolver;
  readonly #pools = new Map<string, Pool>();
  readonly #doubted: DoubtedPods;
  #instances: Instance[] = [];
  #turn = 0;

  constructor(options: ServiceClientOptions) {
    this.#options = options;
    this.#host = `${options.name}.${options.domain}`;
    this.#doubted = new DoubtedPods(() => (options.caFile ? this.#trust() : undefined));
    this.#resolver = new HostResolver({
      hosts: [{ name: this.#host, port: options.port ?? 8443 }],
      log: options.log,
      onChange: (instances) => this.#changed(instances),
      ...(options.lookup ? { lookup: options.lookup } : {}),
    });
    this.#resolver.start(lookupEveryMs);
  }

  stop(): void {
    this.#resolver.stop();
    this.#changed([]);
  }

  /** @throws FhirError 503 when no pod answers within the context's deadline */
  call(context: Context, request: ServiceRequest): Promise<ServiceAnswer> {
    return this.#call(context, (instance) => this.#whole(context, instance, request));
  }

  /** As `call`, for what may be long. Once its headers are there nothing is tried again. @throws FhirError 503 */
  stream(context: Context, request: ServiceRequest): Promise<StreamedAnswer> {
    return this.#call(context, (instance) => this.#streamed(context, instance, request));
  }

  async #call<Answer extends StreamedAnswer>(context: Context, attempted: (instance: Instance) => Promise<Answer>): Promise<Answer> {
    let last: Answer | undefined;
    for (let attempt = 0; attempt < attemptsMax && !context.deadline.passed; attempt++) {
      const instance = this.#next();
      if (instance) {
        try {
          last = await attempted(instance);
          if (!passing.has(last.status)) return last;
        } catch (error) {
          if (!context.deadline.passed) this.#doubt(instance);
          const facts = { requestId: context.requestId, service: this.#options.name, error };
          context.log.debug(facts, "a pod did not answer, trying another");
        }
      }
      await sleep(Math.min(attempt === 0 ? 10 : 150, context.deadline.remainingMs()));
    }
    if (last) return last;
    throw unavailable(`The service ${this.#options.name} did not answer within the deadline`);
  }

  /** The pods in turn; those that are doubted only when there are no others. */
  #next(): Instance | undefined {
    const trusted = this.#instances.filter((instance) => !this.#doubted.has(instance));
    const among = trusted.length > 0 ? trusted : this.#instances;
    this.#turn++;
    return among[this.#turn % Math.max(1, among.length)];
  }

  async #whole(context: Context, instance: Instance, request: ServiceRequest): Promise<ServiceAnswer> {
    const { body, ...head } = await this.#ask(context, instance, request, AbortSignal.timeout(attemptLimitMs(context)));
    return { ...head, body: Buffer.from(await body.arrayBuffer()) };
  }

  async #streamed(context: Context, instance: Instance, request: ServiceRequest): Promise<StreamedAnswer> {
    const late = new AbortController();
    const limit = setTimeout(() => late.abort(new Error("no answer in time")), attemptLimitMs(context));
    try {
      const { body, ...head } = await this.#ask(context, instance, request, late.signal);
      if (head.status >= 400) return { ...head, body: Buffer.from(await body.arrayBuffer()) };
      return { ...head, body: Readable.toWeb(body) as ReadableStream<Uint8Array> };
    } finally {
      clearTimeout(limit);
    }
  }

  async #ask(
    context: Context,
    instance: Instance,
    request: ServiceRequest,
    signal: AbortSignal,
  ): Promise<Omit<ServiceAnswer, "body"> & Pick<Dispatcher.ResponseData, "body">> {
    const silent = setTimeout(() => void this.#examine(instance), silenceMs);
    const { statusCode, headers, body } = await this.#poolOf(instance)
      .request({
        method: request.method,
        path: request.path,
        headers: {
          "X-Request-Id": context.requestId,
          ...(context.purpose === undefined ? {} : { [purposeHeader]: context.purpose }),
          ...request.headers,
        },
        body: request.body ?? null,
        signal,
      })
      .finally(() => clearTimeout(silent));
    const flat = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]);
    return { status: statusCode, headers: Object.fromEntries(flat), body };
  }

  /** Takes the requests of a pod that is not there, or not yet ready, away from it: its connections would say nothing until their limits. */
  async #examine(instance: Instance): Promise<void> {
    const state = await this.#doubted.ask(instance);
    if (state === "ready") return;
    this.#doubt(instance);
    // One that drains answers what it has.
    if (state !== "draining") this.#close(instanceName(instance));
  }

  /** It may have been replaced. */
  #doubt(instance: Instance): void {
    this.#doubted.add(instance);
    this.#resolver.refresh();
  }

  /** Whom a pod must prove to be; the authority as it is now. */
  #trust(): { servername: string; ca?: Buffer } {
    const { caFile } = this.#options;
    return { servername: this.#host, ...(caFile && existsSync(caFile) ? { ca: readFileSync(caFile) } : {}) };
  }

  #close(name: string): void {
    const pool = this.#pools.get(name);
    this.#pools.delete(name);
    void pool?.destroy(new Error("the pod is not there")).catch(() => {});
  }

  #poolOf(instance: Instance): Pool {
    const name = instanceName(instance);
    const known = this.#pools.get(name);
    if (known) return known;
    const connect = { timeout: connectTimeoutMs, ...this.#trust() };
    const pool = new Pool(`${this.#options.caFile ? "https" : "http"}://${name}`, { connections: 20, connect, keepAliveTimeout: 30_000 });
    this.#pools.set(name, pool);
    return pool;
  }

  #changed(instances: Instance[]): void {
    const names = new Set(instances.map(instanceName));
    const known = new Set(this.#instances.map(instanceName));
    // The name leads to pods that have only just begun too: they would hold what they cannot answer yet.
    for (const instance of instances) if (!known.has(instanceName(instance))) this.#doubted.add(instance);
    this.#instances = instances;
    for (const name of this.#pools.keys()) if (!names.has(name)) this.#close(name);
    this.#doubted.keepOnly(names);
  }
}

function attemptLimitMs({ deadline }: Context): number {
  return Math.max(1, Math.ceil(Math.min(attemptMs, deadline.remainingMs())));
}
