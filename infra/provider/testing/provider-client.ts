import { promisify } from "node:util";
import grpc from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb.js";
import providerServices from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerMessages from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import structMessages from "google-protobuf/google/protobuf/struct_pb.js";
import type { JsonObject } from "../json.ts";
import { type ProviderServer, serveProvider } from "../server.ts";

/** A resource's type and name in an imagined program. */
export interface ResourceKey {
  token: string;
  name: string;
}

/** A resource as Pulumi's engine would keep it; values as they are on the wire, secret marks included. */
export interface StoredResource extends ResourceKey {
  id: string;
  inputs: Struct;
  outputs: Struct;
}

/** What Diff answered. */
export interface DiffAnswer {
  hasChanges: boolean;
  paths: Record<string, number>;
  replaces: string[];
  deleteBeforeReplace: boolean;
}

/** An object that was created but did not become ready, as the provider reports it. */
export class InitializationFailure extends Error {
  readonly resource: StoredResource;
  readonly reasons: string[];

  constructor(message: string, resource: StoredResource, reasons: string[]) {
    super(message);
    this.resource = resource;
    this.reasons = reasons;
  }
}

export const secretMark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

/** Marks a value secret, as the SDK sends it. */
export function secret(value: string): JsonObject {
  return { ...secretMark, value };
}

/** Plain JSON of a struct, marks as they are. */
export function plain(struct: Struct | undefined): JsonObject {
  return (struct?.toJavaScript() ?? {}) as JsonObject;
}

export function urnOf(key: ResourceKey): string {
  return `urn:pulumi:test::provider::${key.token}::${key.name}`;
}

type Unary = (request: unknown, callback: (error: Error | null, response: unknown) => void) => void;

/** Plays the engine: drives a real provider server over gRPC and collects what it logs. */
export class ProviderClient {
  readonly logs: { message: string; urn: string; isStatus: boolean; severity: number }[] = [];
  #provider: ProviderServer | undefined;
  #client: grpc.Client | undefined;
  readonly #engine = new grpc.Server();

  /** Starts engine and provider; the settings are those of k8s.Provider. */
  async start(settings: JsonObject): Promise<void> {
    this.#engine.addService(engineServices.EngineService, {
      log: (call: { request: LogRequest }, callback: (error: null, response: unknown) => void) => {
        const { request } = call;
        this.logs.push({
          message: request.getMessage(),
          urn: request.getUrn(),
          isStatus: request.getEphemeral(),
          severity: request.getSeverity(),
        });
        callback(null, new emptyMessages.Empty());
      },
    } as unknown as grpc.UntypedServiceImplementation);
    const bind = promisify(this.#engine.bindAsync.bind(this.#engine));
    const enginePort = await bind("127.0.0.1:0", grpc.ServerCredentials.createInsecure());
    this.#provider = await serveProvider({ engineAddress: `127.0.0.1:${enginePort}` });
    this.#client = new providerServices.ResourceProviderClient(`127.0.0.1:${this.#provider.port}`, grpc.credentials.createInsecure());
    const request = new providerMessages.ConfigureRequest().setArgs(structMessages.Struct.fromJavaScript(settings)).setAcceptsecrets(true);
    await this.call("configure", request);
  }

  stop(): void {
    this.#client?.close();
    this.#provider?.stop();
    this.#engine.forceShutdown();
  }

  /** Any call of the protocol. */
  async call<Response>(method: string, request: unknown): Promise<Response> {
    const client = this.#client as unknown as Record<string, Unary>;
    return new Promise((resolve, reject) => {
      client[method]?.(request, (error, response) => (error ? reject(error) : resolve(response as Response)));
    });
  }

  async check(key: ResourceKey, news: JsonObject, olds?: Struct): Promise<{ inputs: Struct; failures: Record<string, string> }> {
    const request = new providerMessages.CheckRequest().setUrn(urnOf(key)).setNews(structMessages.Struct.fromJavaScript(news));
    request.setOlds(olds).setRandomseed(Buffer.from(`${key.name}-seed`));
    const response = await this.call<InstanceType<typeof providerMessages.CheckResponse>>("check", request);
    const failures = Object.fromEntries(response.getFailuresList().map((failure) => [failure.getProperty(), failure.getReason()]));
    return { inputs: response.getInputs() ?? new structMessages.Struct(), failures };
  }

  /** Check, then Create (or its preview): what `pulumi up` does with a new resource. */
  async create(key: ResourceKey, news: JsonObject, options: { preview?: boolean; timeoutSeconds?: number } = {}): Promise<StoredResource> {
    const { inputs, failures } = await this.check(key, news);
    if (Object.keys(failures).length > 0) throw new Error(JSON.stringify(failures));
    const request = new providerMessages.CreateRequest().setUrn(urnOf(key)).setProperties(inputs);
    request.setPreview(options.preview ?? false).setTimeout(options.timeoutSeconds ?? 0);
    try {
      const response = await this.call<InstanceType<typeof providerMessages.CreateResponse>>("create", request);
      return { ...key, id: response.getId(), inputs, outputs: response.getProperties() ?? new structMessages.Struct() };
    } catch (error) {
      throw asInitializationFailure(error, key, inputs);
    }
  }

  async diff(resource: StoredResource, news: JsonObject): Promise<DiffAnswer> {
    const { inputs } = await this.check(resource, news, resource.inputs);
    const request = new providerMessages.DiffRequest().setUrn(urnOf(resource)).setId(resource.id);
    request.setOlds(resource.outputs).setOldInputs(resource.inputs).setNews(inputs);
    const response = await this.call<InstanceType<typeof providerMessages.DiffResponse>>("diff", request);
    const paths: Record<string, number> = {};
    response.getDetaileddiffMap().forEach((value, key) => {
      paths[key] = value.getKind();
    });
    return {
      hasChanges: response.getChanges() === providerMessages.DiffResponse.DiffChanges.DIFF_SOME,
      paths,
      replaces: response.getReplacesList(),
      deleteBeforeReplace: response.getDeletebeforereplace(),
    };
  }

  async update(
    resource: StoredResource,
    news: JsonObject,
    options: { preview?: boolean; timeoutSeconds?: number } = {},
  ): Promise<StoredResource> {
    const { inputs } = await this.check(resource, news, resource.inputs);
    const request = new providerMessages.UpdateRequest().setUrn(urnOf(resource)).setId(resource.id);
    request.setOlds(resource.outputs).setOldInputs(resource.inputs).setNews(inputs);
    request.setPreview(options.preview ?? false).setTimeout(options.timeoutSeconds ?? 0);
    try {
      const response = await this.call<InstanceType<typeof providerMessages.UpdateResponse>>("update", request);
      return { ...resource, inputs, outputs: response.getProperties() ?? new structMessages.Struct() };
    } catch (error) {
      throw asInitializationFailure(error, resource, inputs);
    }
  }

  /** Refresh, or with a resource of an id alone, import; undefined when the object is gone. */
  async read(resource: ResourceKey & { id: string; inputs?: Struct; outputs?: Struct }): Promise<StoredResource | undefined> {
    const request = new providerMessages.ReadRequest().setUrn(urnOf(resource)).setId(resource.id);
    request.setInputs(resource.inputs).setProperties(resource.outputs);
    const response = await this.call<InstanceType<typeof providerMessages.ReadResponse>>("read", request);
    if (!response.getId()) return undefined;
    const [inputs, outputs] = [response.getInputs(), response.getProperties()];
    if (!inputs || !outputs) throw new Error("read answered without inputs or properties");
    return { token: resource.token, name: resource.name, id: response.getId(), inputs, outputs };
  }

  async delete(resource: StoredResource, options: { timeoutSeconds?: number } = {}): Promise<void> {
    const request = new providerMessages.DeleteRequest().setUrn(urnOf(resource)).setId(resource.id).setProperties(resource.outputs);
    await this.call("delete", request.setOldInputs(resource.inputs).setTimeout(options.timeoutSeconds ?? 0));
  }

  async invoke(token: string, args: JsonObject): Promise<JsonObject> {
    const request = new providerMessages.InvokeRequest().setTok(token).setArgs(structMessages.Struct.fromJavaScript(args));
    return plain((await this.call<InstanceType<typeof providerMessages.InvokeResponse>>("invoke", request)).getReturn());
  }

  async cancel(): Promise<void> {
    await this.call("cancel", new emptyMessages.Empty());
  }
}

function asInitializationFailure(error: unknown, key: ResourceKey, inputs: Struct): unknown {
  const metadata = (error as Partial<grpc.ServiceError>).metadata?.get("grpc-status-details-bin")[0];
  if (!metadata) return error;
  const status = statusMessages.Status.deserializeBinary(metadata as Buffer);
  const detail = status
    .getDetailsList()[0]
    ?.unpack(providerMessages.ErrorResourceInitFailed.deserializeBinary, "pulumirpc.ErrorResourceInitFailed");
  if (!detail) return error;
  const outputs = detail.getProperties() ?? new structMessages.Struct();
  return new InitializationFailure(
    status.getMessage(),
    { token: key.token, name: key.name, id: detail.getId(), inputs, outputs },
    detail.getReasonsList(),
  );
}
