import { rmSync } from "node:fs";
import type { Step, StepTools } from "../cli/recipe.ts";
import { type ToolName, toolModules } from "./catalogue.ts";
import { checkMachine, labSettings } from "./checks.ts";
import { deleteCluster, ensureCluster } from "./cluster.ts";
import { ensureAddons } from "./cluster-addons.ts";
import { labNodes } from "./cluster-config.ts";
import { engineAnswers, ensureEngine, stopEngine } from "./engine.ts";
import { type LabFacts, readLabFacts } from "./facts.ts";
import { type LabImages, provideLabImages } from "./images.ts";
import { loadImages } from "./load-images.ts";
import { ensureLocalhostPort } from "./localhost.ts";
import { holdLabLock } from "./lock.ts";
import { dropRoutes, ensureNetwork, keepRangesOnMachine, networkOwner, removeNetwork } from "./network.ts";
import { setUpNodes } from "./node-setup.ts";
import { paths } from "./paths.ts";
import { rememberImages, rememberServices } from "./stack-settings.ts";
import { buildModules, isBuiltOnce } from "./toolchain.ts";
import { upstreamAnswers } from "./upstream.ts";

export interface LabOptions {
  artifacts: "auto" | "upstream" | "packages";
  /** Private /16 for the nodes; the default is 172.28.0.0/16. */
  subnet?: string | undefined;
  /** Which of the platform's services run; undefined: those that ran before, all at first. */
  services?: readonly string[] | undefined;
  /** Port of 127.0.0.1 that leads to the edge. */
  edgePort?: number | undefined;
  /** Port of 127.0.0.1 that leads to the API servers. */
  apiPort?: number | undefined;
}

function settingsOf(options: LabOptions): LabFacts["settings"] {
  return labSettings({
    artifacts: options.artifacts === "auto" ? undefined : options.artifacts,
    subnet: options.subnet,
    edgePort: options.edgePort,
    apiPort: options.apiPort,
  });
}

/** `auto` keeps to what this lab or the cache is made of; on a new machine it takes upstream where that answers, else packages. */
async function artifactsOf(options: LabOptions): Promise<"upstream" | "packages"> {
  if (options.artifacts !== "auto") return options.artifacts;
  const known = readLabFacts()?.settings.artifacts;
  if (known) return known;
  if (isBuiltOnce("platform")) return "packages";
  return (await upstreamAnswers()) ? "upstream" : "packages";
}

/** What can be found wrong before anything is changed. */
export function labChecks(options: LabOptions): Step[] {
  return [
    {
      name: "machine",
      run: async (tools) => {
        holdLabLock();
        await checkMachine(tools, settingsOf(options));
      },
    },
  ];
}

/** From a bare machine to a cluster of two sites and a witness, with everything on it that the platform's program needs. */
export function labUpSteps(options: LabOptions): Step[] {
  const settings = settingsOf(options);
  let images: LabImages;
  return [
    { name: "engine", run: async (tools) => startEngine(tools) },
    {
      name: "toolchain and images",
      run: async (tools) => {
        settings.artifacts = await artifactsOf(options);
        images = await provideLabImages(tools, settings.artifacts);
        rememberImages(images.platform);
        rememberServices(options.services);
        return `from ${settings.artifacts}${images.built ? "" : ", unchanged"}`;
      },
    },
    {
      name: "network",
      run: async (tools) => {
        await keepRangesOnMachine(tools, settings.subnet);
        return (await ensureNetwork(tools, settings.subnet)) ? settings.subnet : "unchanged";
      },
    },
    { name: "cluster", run: async (tools) => (await ensureCluster(tools, { settings, nodeImage: images.node })) ?? "unchanged" },
    { name: "nodes", run: async (tools) => ((await setUpNodes(tools, knownFacts())) > 0 ? `${labNodes.length} nodes` : "unchanged") },
    { name: "dns and volumes", run: ensureAddons },
    { name: "images on nodes", run: async (tools) => ((await loadImages(tools, images.toLoad)) ? images.toLoad.join(", ") : "unchanged") },
    {
      name: "localhost port",
      run: async (tools) =>
        (await ensureLocalhostPort(tools, knownFacts(), images.platform.edge)) ? `127.0.0.1:${settings.edgePort}` : "unchanged",
    },
  ];
}

function knownFacts(): LabFacts {
  const facts = readLabFacts();
  if (!facts?.complete) throw new Error(`${paths.labFacts} is missing or incomplete`);
  return facts;
}

/** Starts the engine where it must; what a lab of another checkout left in it is removed. */
async function startEngine(tools: StepTools): Promise<string> {
  const { started, own, version } = await ensureEngine(tools);
  const owner = await networkOwner(tools);
  if (owner !== undefined && owner !== paths.checkout) {
    tools.progress(`removing what the lab of ${owner} left behind`);
    await deleteCluster(tools);
    await removeNetwork(tools);
  }
  return `${own ? "our own" : "the machine's"} Docker ${version}${started ? ", started" : ""}`;
}

/** Only the tools that are named, without a cluster: for `./dsp test fast` and for load. */
export function toolchainSteps(only: readonly ToolName[]): Step[] {
  return [
    {
      name: "toolchain",
      run: async (tools) => {
        const built = await buildModules(tools, [...new Set(only.map((name) => toolModules[name]))]);
        return built.length > 0 ? `built ${built.join(", ")}` : "unchanged";
      },
    },
  ];
}

/** Removes the lab's containers, networks and routes and this checkout's state; with `all` the cache (engine's data, toolchain) too. */
export function labDownSteps(options: { all: boolean }): Step[] {
  return [
    {
      name: "cluster",
      run: async (tools) => {
        holdLabLock();
        if (!(await engineAnswers(tools))) return "no engine runs";
        const owner = await networkOwner(tools);
        if (owner !== undefined && owner !== paths.checkout) return `left alone: it belongs to ${owner}`;
        const deleted = await deleteCluster(tools);
        await removeNetwork(tools);
        return deleted ? "removed" : "there was none";
      },
    },
    { name: "routes", run: async (tools) => dropRoutes(tools, labSettings({}).subnet) },
    { name: "engine", run: async (tools) => ((await stopEngine(tools)) ? "stopped" : "not ours or not running") },
    {
      name: "state",
      run: async () => {
        rmSync(paths.state, { recursive: true, force: true });
        rmSync(paths.stackSettings, { force: true });
        if (options.all) rmSync(paths.cache, { recursive: true, force: true });
      },
    },
  ];
}
