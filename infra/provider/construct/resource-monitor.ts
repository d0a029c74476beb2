import grpc from "@grpc/grpc-js";
import type { ConstructRequest } from "@pulumi/pulumi/proto/provider_pb.js";
import monitorServices from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import type { RegisterResourceResponse } from "@pulumi/pulumi/proto/resource_pb.js";
import monitorMessages from "@pulumi/pulumi/proto/resource_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";

/** What the engine answers to a registration. */
export interface RegisteredResource {
  urn: string;
  id: string;
}

/** Charts are long. */
const messageBytesMax = 400 * 1024 * 1024;

/** Registers a component's resources with the engine that asked for it. */
export class ResourceMonitor {
  readonly #client: InstanceType<typeof monitorServices.ResourceMonitorClient>;
  readonly #request: ConstructRequest;
  readonly #version: string;

  /** `version` is the package version of the children. */
  constructor(request: ConstructRequest, version: string) {
    const options = { "grpc.max_receive_message_length": messageBytesMax, "grpc.max_send_message_length": messageBytesMax };
    this.#client = new monitorServices.ResourceMonitorClient(request.getMonitorendpoint(), grpc.credentials.createInsecure(), options);
    this.#request = request;
    this.#version = version;
  }

  close(): void {
    this.#client.close();
  }

  /** The component itself, with the options the program gave it. */
  async registerComponent(): Promise<RegisteredResource> {
    const request = this.#request;
    const registration = this.#registration(request.getType(), request.getName(), request.getParent());
    registration.setDependenciesList(request.getDependenciesList()).setAliasesList(request.getAliasesList()).setAliasspecs(true);
    registration.setIgnorechangesList(request.getIgnorechangesList());
    if (request.hasProtect()) registration.setProtect(request.getProtect() ?? false);
    request.getProvidersMap().forEach((reference, name) => {
      registration.getProvidersMap().set(name, reference);
    });
    return this.#register(registration);
  }

  /** One object; resolves when it is created, or previewed. */
  async registerChild(
    component: RegisteredResource,
    token: string,
    name: string,
    object: Struct,
    after: readonly string[],
  ): Promise<RegisteredResource> {
    const registration = this.#registration(token, name, component.urn).setCustom(true).setObject(object);
    const inputs = new Set<string>();
    this.#request.getInputdependenciesMap().forEach((dependencies) => {
      for (const urn of dependencies.getUrnsList()) inputs.add(urn);
    });
    registration.setDependenciesList([...new Set([...this.#request.getDependenciesList(), ...inputs, ...after])]);
    registration.setProvider(this.#request.getProvidersMap().get("kubernetes") ?? "");
    const timeouts = this.#request.getCustomtimeouts();
    if (timeouts) {
      const copy = new monitorMessages.RegisterResourceRequest.CustomTimeouts();
      registration.setCustomtimeouts(copy.setCreate(timeouts.getCreate()).setUpdate(timeouts.getUpdate()).setDelete(timeouts.getDelete()));
    }
    return this.#register(registration);
  }

  /** Ends the component's registration with its outputs. */
  async registerOutputs(component: RegisteredResource, outputs: Struct): Promise<void> {
    const request = new monitorMessages.RegisterResourceOutputsRequest().setUrn(component.urn).setOutputs(outputs);
    await new Promise<void>((resolve, reject) => {
      this.#client.registerResourceOutputs(request, (error) => (error ? reject(error) : resolve()));
    });
  }

  #registration(type: string, name: string, parent: string) {
    const registration = new monitorMessages.RegisterResourceRequest().setType(type).setName(name).setParent(parent);
    return registration.setVersion(this.#version).setAcceptsecrets(true).setAcceptresources(true).setSupportspartialvalues(true);
  }

  async #register(registration: InstanceType<typeof monitorMessages.RegisterResourceRequest>): Promise<RegisteredResource> {
    const response = await new Promise<RegisterResourceResponse>((resolve, reject) => {
      this.#client.registerResource(registration, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
    return { urn: response.getUrn(), id: response.getId() };
  }
}
