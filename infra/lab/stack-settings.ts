import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { isMap, parseDocument } from "yaml";
import type { StepTools } from "../cli/recipe.ts";
import { serviceNames } from "../services.ts";
import { clusterName, labNodes } from "./cluster-config.ts";
import { type LabFacts, readLabFacts } from "./facts.ts";
import type { PlatformImages } from "./images.ts";
import { gatewayOf } from "./network.ts";
import { paths } from "./paths.ts";
import { upstreamFile } from "./toolchain.ts";
import { upstreamOperatorManifest } from "./upstream.ts";

let platformImages: PlatformImages | undefined;

let chosenServices: readonly string[] | undefined;

/** Kept until the settings are written. */
export function rememberServices(services: typeof chosenServices): void {
  chosenServices = services;
}

/** Kept between the step that makes the images and the one that writes the settings. */
export function rememberImages(images: PlatformImages): void {
  platformImages = images;
}

const edgeNodes = labNodes.filter((node) => node.edge).map((node) => node.name);

function settingsOf(facts: LabFacts, images: PlatformImages): Record<string, unknown> {
  const addressOf = (name: string) => facts.nodes.find((node) => node.name === name)?.address;
  const voters = Object.groupBy(facts.nodes, (node) => node.site);
  return {
    "dsp:kind": "lab",
    "dsp:kubeconfig": paths.kubeconfig,
    "dsp:context": `kind-${clusterName}`,
    "dsp:images": images,
    "dsp:operatorManifest": facts.settings.artifacts === "packages" ? upstreamFile("cnpg.yaml") : upstreamOperatorManifest,
    "dsp:networkPolicyEnforced": facts.settings.artifacts === "upstream",
    "dsp:storageClass": "standard",
    "dsp:edge": {
      mode: "virtual-ip",
      virtualIp: facts.virtualIp,
      prefixLength: 16,
      peers: edgeNodes.map(addressOf),
      voters: Object.fromEntries(
        Object.entries(voters).map(([site, nodes]) => [site, (nodes ?? []).map((node) => `${node.address}:10256`)]),
      ),
    },
    // A drill's receiver of notifications runs on this machine.
    "dsp:webhooks": { allowedNetworks: [`${gatewayOf(facts.settings.subnet)}/32`] },
    "dsp:publicUrl": `https://${facts.virtualIp}/fhir`,
  };
}

/**
 * Writes what the lab knows into the lab stack's settings; secrets, and whatever else a person has set there, stay as they are.
 * @returns "unchanged" where the file said so already
 */
export async function writeStackSettings(tools: StepTools): Promise<string | undefined> {
  const facts = readLabFacts();
  if (!facts || !platformImages) throw new Error("the lab's images and cluster come before its settings");
  const text = existsSync(paths.stackSettings) ? await readFile(paths.stackSettings, "utf8") : "config: {}\n";
  const document = parseDocument(text);
  if (!isMap(document.get("config"))) document.set("config", document.createNode({}));
  for (const [key, value] of Object.entries(settingsOf(facts, platformImages))) {
    document.setIn(["config", key], document.createNode(value));
  }
  if (chosenServices?.length === serviceNames.length) document.deleteIn(["config", "dsp:services"]);
  else if (chosenServices) document.setIn(["config", "dsp:services"], document.createNode(chosenServices));
  // What a test of the drills left behind when it was killed.
  document.deleteIn(["config", "dsp:weakness"]);
  const written = String(document);
  if (written === text) return "unchanged";
  tools.log(`settings in ${paths.stackSettings}`);
  await mkdir(dirname(paths.stackSettings), { recursive: true });
  await writeFile(paths.stackSettings, written);
  return undefined;
}
