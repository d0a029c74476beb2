import type { KubeConfig } from "@kubernetes/client-node";
import { isObject, type Json, type JsonObject, listAt, withoutNulls } from "../json.ts";
import { ApiError, isNotFound, isPathMissing, UnknownKindError } from "./api-error.ts";
import { type ApiRequest, type ApiResponse, Connection } from "./connection.ts";
import { Discovery } from "./discovery.ts";
import { isKubernetesObject, type KubernetesObject, type ObjectReference } from "./object.ts";

/** How an object is applied. */
export interface ApplyOptions {
  fieldManager: string;
  /** Take over fields that another manager owns. */
  force: boolean;
  /** Have the server do all but store it. */
  dryRun: boolean;
  signal: AbortSignal;
}

/** An object as the server answered it, with the server's warnings. */
export interface AppliedObject {
  object: KubernetesObject;
  warnings: string[];
}

/** How dependents go when an object is deleted. */
export type DeletionPropagation = "Foreground" | "Background" | "Orphan";

/** The objects of one cluster. */
export class Cluster {
  readonly server: string;
  readonly discovery: Discovery;
  readonly #connection: Connection;

  constructor(kubeConfig: KubeConfig) {
    this.#connection = new Connection(kubeConfig);
    this.discovery = new Discovery(this.#connection);
    this.server = this.#connection.server;
  }

  /** Reads an object; undefined when there is none. A kind the cluster does not serve throws UnknownKindError. */
  async get(reference: ObjectReference, signal: AbortSignal): Promise<KubernetesObject | undefined> {
    const path = await this.#path(reference, signal);
    try {
      return asObject((await this.#request(reference, { method: "GET", path, signal })).body);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Lists objects of a kind; `query` may hold labelSelector and fieldSelector. */
  async list(kind: Omit<ObjectReference, "name">, query: Record<string, string>, signal: AbortSignal): Promise<JsonObject[]> {
    const path = await this.#path({ ...kind, name: "" }, signal, query);
    return listAt((await this.#request(kind, { method: "GET", path, signal })).body, "items").filter(isObject);
  }

  /** Applies an object server-side. Kinds that cannot be applied (reviews, bindings) are created. */
  async apply(object: KubernetesObject, reference: ObjectReference, options: ApplyOptions): Promise<AppliedObject> {
    const query: Record<string, string> = { fieldManager: options.fieldManager, force: String(options.force) };
    if (options.dryRun) query.dryRun = "All";
    const path = await this.#path(reference, options.signal, query);
    const body = withoutNulls(object);
    const contentType = "application/apply-patch+yaml";
    try {
      const response = await this.#request(object, { method: "PATCH", path, body, contentType, signal: options.signal });
      return { object: asObject(response.body), warnings: response.warnings };
    } catch (error) {
      if (error instanceof ApiError && error.status === 405) return this.#create(object, options);
      throw error;
    }
  }

  /** Creates an object with POST, for kinds that cannot be applied. */
  async #create(object: KubernetesObject, options: ApplyOptions): Promise<AppliedObject> {
    const namespace = typeof object.metadata.namespace === "string" ? object.metadata.namespace : undefined;
    const query: Record<string, string> = { fieldManager: options.fieldManager };
    if (options.dryRun) query.dryRun = "All";
    const path = await this.#path({ apiVersion: object.apiVersion, kind: object.kind, namespace, name: "" }, options.signal, query);
    const response = await this.#request(object, { method: "POST", path, body: withoutNulls(object), signal: options.signal });
    return { object: asObject(response.body), warnings: response.warnings };
  }

  /** Asks for an object's deletion; false when it was gone already. With `uid`, only that very object is deleted. */
  async delete(
    reference: ObjectReference,
    options: { propagation: DeletionPropagation; uid?: string; signal: AbortSignal },
  ): Promise<boolean> {
    const path = await this.#path(reference, options.signal);
    const body: JsonObject = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: options.propagation };
    if (options.uid) body.preconditions = { uid: options.uid };
    try {
      await this.#request(reference, { method: "DELETE", path, body, signal: options.signal });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /** Watches one object, from a version on where one is given; see Connection.watch. */
  async watch(
    reference: ObjectReference,
    resourceVersion: string | undefined,
    onEvent: (type: string, object: Json) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const query: Record<string, string> = { watch: "true", fieldSelector: `metadata.name=${reference.name}`, timeoutSeconds: "300" };
    if (resourceVersion) query.resourceVersion = resourceVersion;
    return this.#connection.watch(await this.#path({ ...reference, name: "" }, signal, query), onEvent, signal);
  }

  /** Throws UnreachableError when the server does not answer within a few seconds. */
  async ping(signal: AbortSignal): Promise<void> {
    await this.#connection.request({ method: "GET", path: "/version", signal, timeoutMs: 10_000 });
  }

  /** Sends a request about a kind; an API server that does not serve the kind (yet) says so as UnknownKindError. */
  async #request(kind: { apiVersion: string; kind: string }, request: ApiRequest): Promise<ApiResponse> {
    try {
      return await this.#connection.request(request);
    } catch (error) {
      if (isPathMissing(error)) throw new UnknownKindError(kind.apiVersion, kind.kind);
      throw error;
    }
  }

  async #path(reference: ObjectReference, signal: AbortSignal, query: Record<string, string> = {}): Promise<string> {
    const served = await this.discovery.find(reference.apiVersion, reference.kind, signal);
    const parts = [reference.apiVersion.includes("/") ? "/apis" : "/api", reference.apiVersion];
    if (served.isNamespaced && (reference.namespace || reference.name)) {
      parts.push("namespaces", encodeURIComponent(reference.namespace ?? "default"));
    }
    parts.push(served.plural);
    if (reference.name) parts.push(encodeURIComponent(reference.name));
    const search = new URLSearchParams(query).toString();
    return parts.join("/") + (search ? `?${search}` : "");
  }
}

function asObject(body: Json): KubernetesObject {
  if (isKubernetesObject(body)) return body;
  // Reviews and the like are answered with metadata left out.
  if (isObject(body) && typeof body.kind === "string")
    return { apiVersion: "", kind: body.kind, metadata: {}, ...body } as KubernetesObject;
  throw new Error("the API server's answer is not a Kubernetes object");
}
