import { spawn } from "node:child_process";
import { CancelledError } from "../api/api-error.ts";
import { retry } from "../api/retry.ts";
import type { Context } from "../context.ts";
import { isObject, type Json, type JsonObject, listAt, parseJson, stringAt } from "../json.ts";
import { isNamespaced } from "../resource/scope.ts";
import { decodeYaml } from "./yaml-decode.ts";

const renderTimeoutMs = 120_000;
const askTimeoutMs = 60_000;

/** A chart to render, as the SDK's helm.v3.Chart and helm.v4.Chart ask for it. */
export interface ChartRequest {
  releaseName: string;
  /** A path, a chart's name in `repository`, or a URL. */
  chart: string;
  repository?: string | undefined;
  version?: string | undefined;
  namespace?: string | undefined;
  values: JsonObject;
  skipCrds: boolean;
  includeTestHooks: boolean;
  /** Hooks that are no tests; rendered as ordinary objects. */
  includeHooks: boolean;
  apiVersions?: string[];
  kubeVersion?: string | undefined;
  /** Further flags of `helm template`. */
  flags?: string[];
}

/** Reads the options of helm.v3.Chart's invoke. Throws when they name no chart. */
export function readChartOptions(jsonOpts: string): ChartRequest {
  const options = parseJson(jsonOpts);
  if (!isObject(options)) throw new Error("helm:template: jsonOpts is not a JSON object");
  const text = (...path: string[]) => stringAt(options, ...path) || undefined;
  const chart = text("path") ?? text("chart");
  const releaseName = text("release_name");
  if (!chart || !releaseName) throw new Error("a chart needs a name and either `path` or `chart`");
  const flags: string[] = [];
  const flagNames = {
    ca_file: "--ca-file",
    cert_file: "--cert-file",
    key_file: "--key-file",
    caFile: "--ca-file",
    certFile: "--cert-file",
    keyFile: "--key-file",
    keyring: "--keyring",
    username: "--username",
    password: "--password",
  };
  for (const [name, flag] of Object.entries(flagNames)) {
    const value = text("fetch_opts", name);
    if (value) flags.push(flag, value);
  }
  const fetchOptions = options.fetch_opts;
  if (isObject(fetchOptions) && fetchOptions.devel === true) flags.push("--devel");
  if (isObject(fetchOptions) && fetchOptions.verify === true) flags.push("--verify");
  const repository = text("fetch_opts", "repo");
  const shortRepository = text("repo");
  return {
    releaseName,
    chart: !text("path") && shortRepository && !repository ? `${shortRepository}/${chart}` : chart,
    repository,
    version: text("version") ?? text("fetch_opts", "version"),
    namespace: text("namespace"),
    values: isObject(options.values) ? options.values : {},
    skipCrds: options.skip_crd_rendering === true,
    includeTestHooks: options.include_test_hook_resources === true,
    includeHooks: true,
    apiVersions: listAt(options, "api_versions").map(String),
    kubeVersion: text("kube_version"),
    flags,
  };
}

/** Renders a chart with the `helm` on PATH. Objects that have a namespace but name none get the release's. */
export async function renderChart(context: Context, request: ChartRequest): Promise<JsonObject[]> {
  const text = await runHelm(await helmArguments(context, request), JSON.stringify(request.values), context.signal);
  const objects = decodeYaml(text).filter((object) => wantsObject(object, request));
  for (const object of objects) context.definedKinds.add(object);
  const namespace = request.namespace ?? context.defaultNamespace;
  const placed = await Promise.all(objects.flatMap(itemsOf).map((object) => withNamespace(context, object, namespace)));
  if (!context.settings.suppressHelmHookWarnings) warnOfHooks(context, request, placed);
  return placed;
}

async function helmArguments(context: Context, request: ChartRequest): Promise<string[]> {
  const args = [
    "template",
    request.releaseName,
    request.chart,
    "--namespace",
    request.namespace ?? context.defaultNamespace,
    "--values",
    "-",
  ];
  args.push(request.skipCrds ? "--skip-crds" : "--include-crds");
  if (!request.includeTestHooks) args.push("--skip-tests");
  if (request.repository) args.push("--repo", request.repository);
  if (request.version) args.push("--version", request.version);
  let { kubeVersion } = request;
  let apiVersions = request.apiVersions ?? [];
  if (!(await context.unreachable())) {
    const ask = () => context.cluster().discovery.capabilities(context.signal);
    const served = await retry(ask, { deadlineMs: Date.now() + askTimeoutMs, signal: context.signal });
    kubeVersion ??= served.version;
    apiVersions = [...new Set([...apiVersions, ...served.apiVersions])];
  }
  if (kubeVersion) args.push("--kube-version", kubeVersion);
  for (const apiVersion of apiVersions) args.push("--api-versions", apiVersion);
  return [...args, ...(request.flags ?? [])];
}

/** Values go through standard input: they may hold secrets, which must not lie in a file or stand in a process list. */
function runHelm(args: string[], values: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const timeout = AbortSignal.timeout(renderTimeoutMs);
    const child = spawn("helm", args, { stdio: ["pipe", "pipe", "pipe"], signal: AbortSignal.any([signal, timeout]) });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    child.on("error", (error: Error & { code?: string }) => {
      if (error.code === "ENOENT")
        reject(new Error("helm is not on PATH; charts are rendered with it: install Helm, or run inside ./dsp shell"));
      else if (signal.aborted) reject(new CancelledError());
      else reject(new Error(timeout.aborted ? `helm did not render the chart within ${renderTimeoutMs / 1000} s` : error.message));
    });
    child.on("close", (code) => {
      if (code === 0) resolve(Buffer.concat(output).toString("utf8"));
      else reject(new Error(`helm could not render the chart: ${Buffer.concat(errors).toString("utf8").trim() || `exit code ${code}`}`));
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(values);
  });
}

const hookAnnotation = "helm.sh/hook";

function wantsObject(object: JsonObject, request: ChartRequest): boolean {
  const hooks = (stringAt(object, "metadata", "annotations", hookAnnotation) ?? "").split(",").map((hook) => hook.trim());
  const isTest = hooks.some((hook) => hook === "test" || hook === "test-success" || hook === "test-failure");
  if (isTest) return request.includeTestHooks;
  return hooks[0] === "" || hooks.includes("crd-install") || request.includeHooks;
}

function warnOfHooks(context: Context, request: ChartRequest, objects: readonly JsonObject[]): void {
  const hooks = objects.filter((object) => stringAt(object, "metadata", "annotations", hookAnnotation) !== undefined);
  if (hooks.length === 0) return;
  const names = hooks.map((object) => `${stringAt(object, "kind")} ${stringAt(object, "metadata", "name")}`).join(", ");
  context.progress.warn("", `chart ${request.releaseName}: Helm hooks are deployed as ordinary objects, without their order: ${names}`);
}

function itemsOf(object: JsonObject): JsonObject[] {
  const isList = stringAt(object, "kind")?.endsWith("List") && Array.isArray(object.items);
  return isList ? listAt(object, "items").filter((item: Json) => isObject(item)) : [object];
}

async function withNamespace(context: Context, object: JsonObject, namespace: string): Promise<JsonObject> {
  const [apiVersion, kind] = [stringAt(object, "apiVersion"), stringAt(object, "kind")];
  const metadata = object.metadata;
  if (!apiVersion || !kind || !isObject(metadata) || metadata.namespace) return object;
  return (await isNamespaced(context, apiVersion, kind)) ? { ...object, metadata: { ...metadata, namespace } } : object;
}
