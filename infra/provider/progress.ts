import grpc from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineMessages from "@pulumi/pulumi/proto/engine_pb.js";

/** Where messages for the user go. `urn` names the resource they belong to. */
export interface Progress {
  /** What is being waited for now; replaced by the next one. An empty message ends it. */
  status(urn: string, message: string): void;
  info(urn: string, message: string): void;
  warn(urn: string, message: string): void;
}

/** Sends messages to Pulumi's engine; until it is connected, and when it is gone, they go nowhere. */
export class EngineProgress implements Progress {
  #client: InstanceType<typeof engineServices.EngineClient> | undefined;
  readonly #lastStatus = new Map<string, string>();

  connect(address: string): void {
    this.#client?.close();
    this.#client = new engineServices.EngineClient(address, grpc.credentials.createInsecure());
  }

  status(urn: string, message: string): void {
    if (message === "") this.#lastStatus.delete(urn);
    if (message === "" || this.#lastStatus.get(urn) === message) return;
    this.#lastStatus.set(urn, message);
    this.#send(engineMessages.LogSeverity.INFO, urn, message, true);
  }

  info(urn: string, message: string): void {
    this.#send(engineMessages.LogSeverity.INFO, urn, message, false);
  }

  warn(urn: string, message: string): void {
    this.#send(engineMessages.LogSeverity.WARNING, urn, message, false);
  }

  #send(severity: number, urn: string, message: string, isEphemeral: boolean): void {
    const request = new engineMessages.LogRequest();
    request.setSeverity(severity).setUrn(urn).setMessage(message).setEphemeral(isEphemeral);
    this.#client?.log(request, () => undefined);
  }
}
