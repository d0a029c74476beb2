import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

const checkout = resolve(import.meta.dirname, "../..");
const state = join(checkout, ".dsp");
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "dsp");

/**
 * Every place outside the sources that the lab writes to. `state` belongs to this checkout and goes with `down`;
 * `cache` is shared by all checkouts of a user and goes with `down --all`.
 */
export const paths = {
  checkout,
  state,
  logs: join(state, "logs"),
  kubeconfig: join(state, "kubeconfig"),
  /** What the lab knows about itself: node addresses, control planes, ports. */
  labFacts: join(state, "lab.json"),
  certificateAuthority: join(state, "ca.pem"),
  pulumiHome: join(state, "pulumi"),
  pulumiState: join(state, "pulumi-state"),
  passphrase: join(state, "passphrase"),
  stackSettings: join(checkout, "infra/stacks/Pulumi.lab.yaml"),
  cache,
  toolchain: join(cache, "toolchain"),
  bin: join(cache, "toolchain/bin"),
  goCaches: join(cache, "go"),
  images: join(cache, "images"),
  /** Mounted into the nodes: what is to be loaded into them. */
  imageArchives: join(cache, "archives"),
  engine: join(cache, "engine"),
  /** A socket's path is limited to 107 bytes, a cache folder's is not: the engine's runtime folder is short. */
  engineRun: `/run/dsp-engine-${createHash("sha256").update(cache).digest("hex").slice(0, 8)}`,
  providerBin: join(checkout, "infra/provider/bin"),
  nodeBin: join(checkout, "node_modules/.bin"),
} as const;
