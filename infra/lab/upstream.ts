import { createHash } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StepError, type StepTools } from "../cli/recipe.ts";
import { toolEnvironment } from "./environment.ts";
import { paths } from "./paths.ts";

const downloadTimeoutMs = 10 * 60_000;
const probeTimeoutMs = 5_000;

interface Download {
  url: string;
  /** SHA-256 of the file at `url`. */
  sha256: string;
  /** Folder inside an archive that holds the binaries; none for a bare binary. */
  folder?: string;
  binaries: string[];
}

/** The projects' own builds for Linux on x86-64. A file whose sum differs is not used. */
export const upstreamTools: Record<string, Download> = {
  kind: {
    url: "https://github.com/kubernetes-sigs/kind/releases/download/v0.30.0/kind-linux-amd64",
    sha256: "517ab7fc89ddeed5fa65abf71530d90648d9638ef0c4cde22c2c11f8097b8889",
    binaries: ["kind"],
  },
  kubectl: {
    url: "https://dl.k8s.io/release/v1.36.3/bin/linux/amd64/kubectl",
    sha256: "ebbd080e7c2e275093b55915722043257eb24004363e20acb3c4d71919f88336",
    binaries: ["kubectl"],
  },
  helm: {
    url: "https://get.helm.sh/helm-v4.2.4-linux-amd64.tar.gz",
    sha256: "c306b46f719b0a4da32d0f78ee21bf90ce8d602f15b22ab753f0674d1670a7f3",
    folder: "linux-amd64",
    binaries: ["helm"],
  },
  pulumi: {
    url: "https://get.pulumi.com/releases/sdk/pulumi-v3.255.0-linux-x64.tar.gz",
    sha256: "cf559568e2c32f7fae56ea3de8ae5fa48973ba8c5aa9dd2b3dc0c8898fe50dba",
    folder: "pulumi",
    binaries: ["pulumi", "pulumi-language-nodejs"],
  },
  k6: {
    url: "https://github.com/grafana/k6/releases/download/v1.4.2/k6-v1.4.2-linux-amd64.tar.gz",
    sha256: "c827501f510265db9c3313e4164d2585a97c7a3485ed440b93f7b1cfe6facd28",
    folder: "k6-v1.4.2-linux-amd64",
    binaries: ["k6"],
  },
};

/** The projects' own images, by digest. */
export const upstreamImages = {
  node: "docker.io/kindest/node:v1.36.4@sha256:099e049362a1526b2db71494e1947aae99bd16290d7c895f2b7ea312e3cbfaed",
  loadBalancer: "docker.io/kindest/haproxy:v20230606-42a2262b@sha256:001a06433666046dea44567c7d7c6adfc2ac0edb556576f6da507ff0b0f063d3",
  operator: "ghcr.io/cloudnative-pg/cloudnative-pg:1.30.1@sha256:923c267ec29636db3bee20f993d0ec4973fa22998e1adad37da79e4d32b5bc07",
  postgres:
    "ghcr.io/cloudnative-pg/postgresql:17.11-202608310816-minimal-trixie@sha256:c3c572b1cae6404fb508516456b0288d1c35feda39d4ef59857af2c9abe9282d",
  redis: "docker.io/library/redis:8.10.2-trixie@sha256:d5ac52db24d4e70566fe9944f22cf5bdc2bc739b05c0f426335161ea6c23f3b3",
  debian: "docker.io/library/debian:trixie-slim@sha256:d7e12182ce18b85b93007c1dedf31f2d29e01ccf3182cc4017c709b6259bc132",
} as const;

export const upstreamOperatorManifest = "https://raw.githubusercontent.com/cloudnative-pg/cloudnative-pg/v1.30.1/releases/cnpg-1.30.1.yaml";

/** Does the place answer that the first of the downloads comes from? */
export async function upstreamAnswers(): Promise<boolean> {
  try {
    const answer = await fetch(upstreamTools.kubectl?.url ?? "", { method: "HEAD", signal: AbortSignal.timeout(probeTimeoutMs) });
    return answer.ok;
  } catch {
    return false;
  }
}

/** Downloads tools that are missing into the cache. @returns their names @throws StepError when one's checksum differs */
export async function downloadTools(tools: StepTools, names: readonly string[]): Promise<string[]> {
  const downloaded: string[] = [];
  for (const name of names) {
    const tool = upstreamTools[name];
    if (!tool) continue;
    const stamp = join(paths.toolchain, `${name}.upstream`);
    const sameSum = existsSync(stamp) && (await readFile(stamp, "utf8")) === tool.sha256;
    if (sameSum && tool.binaries.every((binary) => existsSync(join(paths.bin, binary)))) continue;
    tools.progress(`downloading ${name}`);
    await download(tools, name, tool);
    await writeFile(stamp, tool.sha256);
    downloaded.push(name);
  }
  return downloaded;
}

async function download(tools: StepTools, name: string, tool: Download): Promise<void> {
  const answer = await fetch(tool.url, { signal: AbortSignal.any([tools.signal, AbortSignal.timeout(downloadTimeoutMs)]) });
  if (!answer.ok)
    throw new StepError(`${tool.url} answers ${answer.status}`, "Try again, or build from packages: ./dsp up --artifacts packages");
  const content = Buffer.from(await answer.arrayBuffer());
  const sum = createHash("sha256").update(content).digest("hex");
  if (sum !== tool.sha256) {
    throw new StepError(
      `${tool.url} is not what was pinned: SHA-256 ${sum}, not ${tool.sha256}`,
      "Do not use it. Build from packages: ./dsp up --artifacts packages",
    );
  }
  const scratch = join(paths.toolchain, `download-${name}`);
  rmSync(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  await mkdir(paths.bin, { recursive: true });
  if (tool.folder === undefined) await writeFile(join(scratch, tool.binaries[0] ?? name), content);
  else await tools.run("tar", ["-xzf", "-", "-C", scratch], { input: content });
  for (const binary of tool.binaries) {
    const from = join(scratch, tool.folder ?? "", binary);
    await chmod(from, 0o755);
    await rename(from, join(paths.bin, binary));
  }
  rmSync(scratch, { recursive: true, force: true });
}

/** Pulls an image by digest and gives it a short local name, which the nodes and the stack's settings use. */
export async function pullImage(tools: StepTools, reference: string, tag: string): Promise<void> {
  const env = toolEnvironment();
  const found = await tools.run("docker", ["image", "inspect", "--format", "{{.Id}}", reference], { env, allowFailure: true });
  if (found.trim() === "") {
    tools.progress(`pulling ${tag}`);
    await tools.run("docker", ["pull", reference.replace(/:[^:@/]+@/, "@")], { env });
  }
  await tools.run("docker", ["tag", reference.replace(/:[^:@/]+@/, "@"), tag], { env });
}
