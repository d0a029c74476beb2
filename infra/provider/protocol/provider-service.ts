import pluginMessages, { type PluginAttach } from "@pulumi/pulumi/proto/plugin_pb.js";
import type {
  CheckRequest,
  ConfigureRequest,
  DiffRequest,
  InvokeRequest,
  ProviderHandshakeRequest,
} from "@pulumi/pulumi/proto/provider_pb.js";
import providerMessages from "@pulumi/pulumi/proto/provider_pb.js";
import emptyMessages from "google-protobuf/google/protobuf/empty_pb.js";
import { readSettings } from "../config/settings.ts";
import { invoke } from "../invoke/invoke.ts";
import { changesBetween } from "../resource/changes.ts";
import { secretTexts } from "../resource/secret-text.ts";
import type { Session } from "../session.ts";
import { readProperties, writeProperties } from "./property-values.ts";

/** The version of @pulumi/kubernetes this provider serves; Pulumi asks for it. */
export const providerVersion = "4.34.2";

/** Settings whose change means another cluster, and so new objects. */
const clusterSettings = ["clusterIdentifier", "context", "cluster"];

export function handshake(connect: (engineAddress: string) => void, request: ProviderHandshakeRequest) {
  connect(request.getEngineAddress());
  const response = new providerMessages.ProviderHandshakeResponse();
  return response.setAcceptSecrets(true).setSupportsAutonamingConfiguration(true);
}

export function pluginInfo() {
  return new pluginMessages.PluginInfo().setVersion(providerVersion);
}

export function attach(connect: (engineAddress: string) => void, request: PluginAttach) {
  connect(request.getAddress());
  return new emptyMessages.Empty();
}

/** The SDK brings all types; programs in YAML, which would need a schema, are not served. */
export function schema() {
  return new providerMessages.GetSchemaResponse().setSchema(JSON.stringify({ name: "kubernetes", version: providerVersion }));
}

export function checkConfig(request: CheckRequest) {
  const inputs = readProperties(request.getNews());
  const { failures } = readSettings(inputs.value, {});
  const response = new providerMessages.CheckResponse().setInputs(request.getNews());
  return response.setFailuresList(
    failures.map(({ property, reason }) => new providerMessages.CheckFailure().setProperty(property).setReason(reason)),
  );
}

export function diffConfig(request: DiffRequest) {
  const [before, after] = [readProperties(request.getOlds()), readProperties(request.getNews())];
  const changed = [...new Set(changesBetween(before.value, after.value).map((change) => String(change.path[0])))];
  const isIdentified = typeof after.value.clusterIdentifier === "string" && typeof before.value.clusterIdentifier === "string";
  const replaces = changed.filter((key) => (isIdentified ? key === "clusterIdentifier" : clusterSettings.includes(key)));
  const { DiffChanges } = providerMessages.DiffResponse;
  const response = new providerMessages.DiffResponse().setDiffsList(changed).setReplacesList(replaces);
  return response.setChanges(changed.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
}

export async function configure(session: Session, request: ConfigureRequest) {
  const inputs = readProperties(request.getArgs());
  await session.configure(
    inputs.value,
    inputs.unknownPaths.some((path) => path[0] === "kubeconfig"),
  );
  return new providerMessages.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true).setSupportsAutonamingConfiguration(true);
}

export async function invokeFunction(session: Session, request: InvokeRequest, secrets: string[]) {
  const args = readProperties(request.getArgs());
  secrets.push(...secretTexts(args.value, args.secretPaths));
  const result = await invoke(session, request.getTok(), args.value);
  return new providerMessages.InvokeResponse().setReturn(writeProperties(result));
}
