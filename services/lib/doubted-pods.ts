import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type Instance, instanceName } from "./database/instance.ts";
import { draining } from "./operations-server.ts";

/** What a pod's certificate is held against, as it is now; undefined: no TLS is spoken. */
type Trust = () => { servername: string; ca?: Buffer } | undefined;

/** `silent`: no answer in time, or none at all. */
export type PodState = "ready" | "not ready" | "draining" | "silent";

/** A node that is gone says nothing, not even no. */
const connectMs = 500;
/** A process that is frozen or out of breath: its kernel accepts, and it does not answer. */
const answerMs = 2000;
const againMs = 500;

const readinessSchema = z.object({ reason: z.string().optional() });

/**
 * Pods that are new, failed, or said nothing for too long. Each is asked in the background whether it is ready, until it says so: what is gone for
 * minutes, or has only just begun, costs no request an attempt.
 */
export class DoubtedPods {
  readonly #trust: Trust;
  readonly #doubted = new Map<string, AbortController>();
  readonly #asked = new Map<string, Promise<PodState>>();

  constructor(trust: Trust) {
    this.#trust = trust;
  }

  has(instance: Instance): boolean {
    return this.#doubted.has(instanceName(instance));
  }

  /** Until it says that it is ready. */
  add(instance: Instance): void {
    const name = instanceName(instance);
    if (this.#doubted.has(name)) return;
    const forgotten = new AbortController();
    this.#doubted.set(name, forgotten);
    void this.#watch(instance, forgotten.signal);
  }

  /** All but these: they are no pods any more. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const [name, forgotten] of this.#doubted) {
      if (names.has(name)) continue;
      this.#doubted.delete(name);
      forgotten.abort();
    }
  }

  /** What it says now. One question at a time, whoever asks. */
  ask(instance: Instance): Promise<PodState> {
    const name = instanceName(instance);
    const known = this.#asked.get(name);
    if (known) return known;
    const asked = this.#question(instance)
      .catch((): PodState => "silent")
      .finally(() => this.#asked.delete(name));
    this.#asked.set(name, asked);
    return asked;
  }

  async #watch(instance: Instance, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.ask(instance)) !== "ready") await sleep(againMs, undefined, { ref: false });
    if (!signal.aborted) this.#doubted.delete(instanceName(instance));
  }

  async #question({ address: host, port }: Instance): Promise<PodState> {
    const tls = this.#trust();
    const options = { host, port, path: "/health/ready", agent: false, signal: AbortSignal.timeout(answerMs), ...tls };
    const { promise, resolve } = Promise.withResolvers<PodState>();
    const asked = (tls === undefined ? requestHttp : requestHttps)(options, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => resolve(stateOf(answer.statusCode ?? 0, Buffer.concat(parts).toString())));
      answer.on("error", () => resolve("silent"));
    });
    asked.on("socket", (socket) => {
      const limit = setTimeout(() => asked.destroy(), connectMs);
      socket.once("connect", () => clearTimeout(limit)).once("close", () => clearTimeout(limit));
    });
    asked.on("error", () => resolve("silent"));
    asked.end();
    return promise;
  }
}

function stateOf(status: number, body: string): PodState {
  // Only 503 is a pod's own word that it should be given nothing.
  if (status !== 503) return "ready";
  try {
    return readinessSchema.parse(JSON.parse(body)).reason === draining ? "draining" : "not ready";
  } catch {
    return "not ready";
  }
}
