import grpc from "@grpc/grpc-js";
import providerServices from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import type { ConstructRequest } from "@pulumi/pulumi/proto/provider_pb.js";
import providerMessages from "@pulumi/pulumi/proto/provider_pb.js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import { construct } from "./construct/construct.ts";
import { EngineProgress } from "./progress.ts";
import { errorStatus } from "./protocol/error-status.ts";
import * as provider from "./protocol/provider-service.ts";
import * as resource from "./protocol/resource-service.ts";
import { Session } from "./session.ts";

/** Pulumi sends whole charts in one message; its own limit is the same. */
const messageBytesMax = 400 * 1024 * 1024;

/** A running provider. */
export interface ProviderServer {
  port: number;
  /** Ends everything under way and stops serving. */
  stop(): void;
}

/** What the server needs to know of its surroundings. */
export interface ServerOptions {
  engineAddress?: string | undefined;
  /** Told whenever the engine says where it can be reached. */
  onEngine?: (address: string) => void;
}

/** Serves Pulumi's provider protocol on a loopback port of the system's choice. */
export async function serveProvider(options: ServerOptions = {}): Promise<ProviderServer> {
  const progress = new EngineProgress();
  const session = new Session(progress);
  const connect = (address: string) => {
    if (address === "") return;
    progress.connect(address);
    options.onEngine?.(address);
  };
  if (options.engineAddress) connect(options.engineAddress);
  const server = new grpc.Server({ "grpc.max_receive_message_length": messageBytesMax, "grpc.max_send_message_length": messageBytesMax });
  server.addService(providerServices.ResourceProviderService, handlers(session, connect));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return {
    port,
    stop: () => {
      session.cancel();
      server.forceShutdown();
    },
  };
}

type Call = { request: unknown };
type Callback = (error: Partial<grpc.ServiceError> | null, response?: unknown) => void;

/** Answers a call with what a function returns, or with its error, secrets taken out. */
function answer<Request, Response>(operation: (request: Request, secrets: string[]) => Response | Promise<Response>) {
  return async (call: Call, callback: Callback): Promise<void> => {
    const secrets: string[] = [];
    try {
      callback(null, await operation(call.request as Request, secrets));
    } catch (error) {
      callback(errorStatus(error, secrets));
    }
  };
}

function refuse(what: string) {
  return (_: Call, callback: Callback): void =>
    callback({ code: grpc.status.UNIMPLEMENTED, details: `this kubernetes provider does not support ${what}` });
}

function handlers(session: Session, connect: (address: string) => void): grpc.UntypedServiceImplementation {
  const onResource = <Request, Response>(operation: resource.Operation<Request, Response>) =>
    answer((request: Request, secrets) => operation(session, request, secrets));
  const implementation: Record<string, unknown> = {
    handshake: answer(provider.handshake.bind(null, connect)),
    attach: answer(provider.attach.bind(null, connect)),
    getPluginInfo: answer(provider.pluginInfo),
    getSchema: answer(provider.schema),
    checkConfig: answer(provider.checkConfig),
    diffConfig: answer(provider.diffConfig),
    configure: answer(provider.configure.bind(null, session)),
    invoke: answer(provider.invokeFunction.bind(null, session)),
    check: onResource(resource.checkResource),
    diff: onResource(resource.diffResource),
    create: onResource(resource.createResource),
    read: onResource(resource.readResource),
    update: onResource(resource.updateResource),
    delete: onResource(resource.deleteResource),
    cancel: answer(() => {
      session.cancel();
      return new emptyMessages.Empty();
    }),
    getMapping: answer(() => new providerMessages.GetMappingResponse()),
    getMappings: answer(() => new providerMessages.GetMappingsResponse()),
    parameterize: refuse("parameterization"),
    construct: answer((request: ConstructRequest, secrets) => construct(session, request, provider.providerVersion, secrets)),
    call: refuse("methods"),
    list: (stream: grpc.ServerWritableStream<unknown, unknown>) => {
      stream.emit("error", { code: grpc.status.UNIMPLEMENTED, details: "this kubernetes provider does not list resources" });
    },
  };
  return implementation as grpc.UntypedServiceImplementation;
}
