/**
 * Reads the Kubernetes API with every wait bounded, so that the answer is truthful and quick while a site is down: the first of
 * several API servers that answers is used, and a command in a pod that does not answer is given up.
 */
import { Agent, type RequestOptions, request } from "node:https";
import { PassThrough } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { Exec, KubeConfig, type V1Status } from "@kubernetes/client-node";

const readTimeoutMs = 2_000;
const execTimeoutMs = 4_000;
/** The server that answered last gets so long before the others are asked as well. */
const headStartMs = 500;

export interface PodContainer {
  namespace: string;
  pod: string;
  container: string;
}

export interface ApiRequest {
  /** A merge patch, or what is to be deleted with which options; GET by default. */
  method?: "GET" | "PATCH" | "DELETE";
  body?: unknown;
  signal?: AbortSignal;
  timeoutMs?: number;
}

export interface KubernetesApi {
  server: string;
  /** @returns the object, or undefined when there is none (404) @throws Error when the server does not answer well in time */
  get<T>(path: string): Promise<T | undefined>;
  /** Runs a command in a pod and resolves with its standard output. @throws Error when it fails or takes too long */
  exec(target: PodContainer, command: readonly string[], timeoutMs?: number): Promise<string>;
}

/** One that changes things too. */
export interface OpenKubernetesApi extends KubernetesApi {
  /** @returns the answer as it was printed @throws ApiError when it is not a good one, Error when there is none in time */
  ask(path: string, request?: ApiRequest): Promise<string>;
}

export interface KubernetesTarget {
  kubeconfig: string;
  context?: string;
  /** Further addresses of the same API, tried beside the kubeconfig's own: `https://172.28.0.3:6443`. */
  otherServers?: readonly string[];
}

/** An API server's answer that is not a good one. */
export class ApiError extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/** No API server answers: nothing can be said about the platform. */
export class UnreachableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "UnreachableError";
  }
}

interface Connection {
  config: KubeConfig;
  server: string;
  /** Keeps its connections: the status is read again and again, and each handshake is paid by the platform that is looked at. */
  agent: Agent | undefined;
}

/** A proxy has an agent of its own. */
async function agentOf(config: KubeConfig): Promise<Agent | undefined> {
  if (config.getCurrentCluster()?.proxyUrl !== undefined) return undefined;
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key, rejectUnauthorized, servername } = options;
  return new Agent({ keepAlive: true, ca, cert, key, rejectUnauthorized, servername });
}

const contentTypes = { PATCH: "application/merge-patch+json", DELETE: "application/json" } as const;

async function ask({ config, server, agent }: Connection, path: string, asked: ApiRequest): Promise<string> {
  const { method = "GET", body, timeoutMs = readTimeoutMs } = asked;
  const late = AbortSignal.timeout(timeoutMs);
  const signal = asked.signal === undefined ? late : AbortSignal.any([late, asked.signal]);
  const headers = { accept: "application/json", ...(method === "GET" ? {} : { "content-type": contentTypes[method] }) };
  const options: RequestOptions = { method, signal, headers };
  await config.applyToHTTPSOptions(options);
  if (agent !== undefined) options.agent = agent;
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, server), options, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(parts).toString("utf8");
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve(text);
        else reject(new ApiError(`${path}: HTTP ${status} ${text.slice(0, 200)}`, status));
      });
    });
    sent.on("error", (cause) =>
      reject(new Error(`${path}: ${late.aborted ? `no answer within ${timeoutMs / 1_000} s` : cause.message}`, { cause })),
    );
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function getJson<T>(connection: Connection, path: string): Promise<T | undefined> {
  const text = await ask(connection, path, {}).catch((failure: Error) => {
    if (failure instanceof ApiError && failure.status === 404) return undefined;
    throw failure;
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new Error(`${path}: the answer is not JSON`, { cause });
  }
}

function exitOf(status: V1Status): string | undefined {
  return status.status === "Success" ? undefined : (status.message ?? "failed");
}

function execInPod(config: KubeConfig, target: PodContainer, command: readonly string[], timeoutMs: number): Promise<string> {
  const output = new PassThrough();
  const errors = new PassThrough();
  const parts: Buffer[] = [];
  const errorParts: Buffer[] = [];
  output.on("data", (part: Buffer) => parts.push(part));
  errors.on("data", (part: Buffer) => errorParts.push(part));
  return new Promise((resolve, reject) => {
    let close: () => void = () => {};
    const timer = setTimeout(() => {
      close();
      reject(new Error(`${target.pod} gave no answer within ${timeoutMs} ms`));
    }, timeoutMs);
    const finish = (status: V1Status) => {
      clearTimeout(timer);
      close();
      const problem = exitOf(status);
      const said = Buffer.concat(errorParts).toString("utf8").trim();
      if (problem === undefined) resolve(Buffer.concat(parts).toString("utf8"));
      else reject(new Error(`${target.pod}: ${said === "" ? problem : said}`));
    };
    new Exec(config).exec(target.namespace, target.pod, target.container, [...command], output, errors, null, false, finish).then(
      (socket) => {
        close = () => socket.terminate();
      },
      (cause: Error) => {
        clearTimeout(timer);
        reject(new Error(`${target.pod}: ${cause.message}`, { cause }));
      },
    );
  });
}

async function withServer(target: KubernetesTarget, server: string | undefined): Promise<Connection> {
  const config = new KubeConfig();
  config.loadFromFile(target.kubeconfig);
  if (target.context !== undefined) config.setCurrentContext(target.context);
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new UnreachableError(`${target.kubeconfig} has no cluster for the context ${config.getCurrentContext()}`);
  if (server !== undefined) config.clusters = config.clusters.map((entry) => (entry.name === cluster.name ? { ...entry, server } : entry));
  return { config, server: server ?? cluster.server, agent: await agentOf(config) };
}

/** The ways to the API that a target has, the one first that answered last; remembered with their open connections. */
const waysTo = new WeakMap<KubernetesTarget, Connection[]>();

/**
 * Connects to the first API server that answers.
 * @throws UnreachableError when none does in time
 */
export async function connectKubernetes(target: KubernetesTarget, timeoutMs = readTimeoutMs): Promise<OpenKubernetesApi> {
  const known = waysTo.get(target);
  const ways = known ?? (await Promise.all([undefined, ...(target.otherServers ?? [])].map((server) => withServer(target, server))));
  const answered = new AbortController();
  const tries = ways.map(async (way, index) => {
    if (known !== undefined && index > 0) await delay(headStartMs, undefined, { signal: answered.signal });
    await ask(way, "/version", { timeoutMs });
    return way;
  });
  const way = await Promise.any(tries).catch((failure: AggregateError) => {
    const reasons = failure.errors.map((error: Error, index) => `${ways[index]?.server}: ${error.message}`);
    throw new UnreachableError(`no API server answers (${reasons.join("; ")})`, { cause: failure });
  });
  answered.abort();
  waysTo.set(target, [way, ...ways.filter((other) => other !== way)]);
  return {
    server: way.server,
    get: (path) => getJson(way, path),
    ask: (path, asked = {}) => ask(way, path, asked),
    exec: (pod, command, limitMs = execTimeoutMs) => execInPod(way.config, pod, command, limitMs),
  };
}
