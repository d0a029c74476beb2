import { isObject, type Json, type JsonObject, parseJson } from "../json.ts";
import { unknownValue } from "../protocol/property-values.ts";

/** The provider's settings, as @pulumi/kubernetes' Provider takes them. */
export interface Settings {
  /** Path or content of a kubeconfig; the usual places when absent. */
  kubeconfig?: string;
  context?: string;
  cluster?: string;
  /** Where namespaced objects go that name no namespace. */
  namespace?: string;
  clusterIdentifier?: string;
  /** Forget objects of a cluster that cannot be reached when they are deleted or read. */
  deleteUnreachable: boolean;
  skipUpdateUnreachable: boolean;
  /** Take over fields that other managers own, for all objects. */
  enablePatchForce: boolean;
  enableConfigMapMutable: boolean;
  enableSecretMutable: boolean;
  /** Adopt objects that exist already instead of refusing. */
  upsertExistingObjects: boolean;
  suppressDeprecationWarnings: boolean;
  suppressHelmHookWarnings: boolean;
}

/** A setting with a wrong value. */
export interface SettingFailure {
  property: string;
  reason: string;
}

const textSettings = ["kubeconfig", "context", "cluster", "namespace", "clusterIdentifier"] as const;
const flagSettings = {
  deleteUnreachable: "PULUMI_K8S_DELETE_UNREACHABLE",
  skipUpdateUnreachable: "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
  enablePatchForce: "PULUMI_K8S_ENABLE_PATCH_FORCE",
  enableConfigMapMutable: "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
  enableSecretMutable: "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
  upsertExistingObjects: "PULUMI_K8S_UPSERT_EXISTING_OBJECTS",
  suppressDeprecationWarnings: "PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS",
  suppressHelmHookWarnings: "PULUMI_K8S_SUPPRESS_HELM_HOOK_WARNINGS",
} as const;
/** Settings of the official provider that this one answers with a word. */
const otherSettings: Record<string, string> = {
  enableServerSideApply: "this provider always applies server-side; enableServerSideApply=false is ignored",
  renderYamlToDirectory: "this provider cannot render manifests to a directory (renderYamlToDirectory)",
  alwaysRender: "this provider cannot render manifests to a directory (alwaysRender)",
  helmReleaseSettings: "this provider has no Helm releases; helmReleaseSettings is ignored",
  kubeClientSettings: "kubeClientSettings is ignored: this provider bounds its requests itself",
};
/** Keys that Pulumi itself puts beside the settings. */
const engineKeys = ["version", "pluginDownloadURL", "__internal", "__defaults"];

/** Reads all settings at once: the settings, everything wrong with them, and what the user should be told. */
export function readSettings(
  inputs: JsonObject,
  environment: Record<string, string | undefined>,
): { settings: Settings; failures: SettingFailure[]; warnings: string[] } {
  const failures: SettingFailure[] = [];
  const warnings: string[] = [];
  const settings = {} as Settings;
  for (const name of textSettings) {
    const value = inputs[name];
    if (value === undefined || value === null || value === "" || value === unknownValue) continue;
    if (typeof value === "string") settings[name] = value;
    else if (name === "kubeconfig" && isObject(value)) settings[name] = JSON.stringify(value);
    else failures.push({ property: name, reason: `${name} must be a string` });
  }
  for (const [name, variable] of Object.entries(flagSettings)) {
    const flag = readFlag(inputs[name] ?? environment[variable]);
    if (flag === undefined) failures.push({ property: name, reason: `${name} must be true or false` });
    settings[name as keyof typeof flagSettings] = flag ?? false;
  }
  for (const [name, value] of Object.entries(inputs)) {
    if (name in flagSettings || (textSettings as readonly string[]).includes(name) || engineKeys.includes(name)) continue;
    if (value === null || value === "" || value === unknownValue) continue;
    const word = otherSettings[name];
    if (name === "renderYamlToDirectory") failures.push({ property: name, reason: word ?? "" });
    else if (name === "enableServerSideApply" ? readFlag(value) === false : word !== undefined) warnings.push(word ?? "");
    else if (word === undefined) warnings.push(`the kubernetes provider has no setting "${name}"; it is ignored`);
  }
  return { settings, failures, warnings };
}

/** The SDK sends flags as JSON text. An unset one is false. */
function readFlag(value: Json | undefined): boolean | undefined {
  const parsed =
    typeof value === "string" ? (value === "" || value === unknownValue ? false : parseJson(value.toLowerCase())) : (value ?? false);
  return typeof parsed === "boolean" ? parsed : undefined;
}
