/**
 * Every artifact the lab is made of, named once: what version, and where it comes from in each mode.
 *
 * `packages`: built from Go modules (versions and sums in toolchain/<module>/go.mod and go.sum), Debian packages and npm packages.
 * `upstream`: the projects' own binaries and images, pinned by checksum; see upstream.ts.
 */
export const versions = {
  kubernetes: "v1.36.3",
  kind: "v0.30.0",
  containerd: "v2.1.9",
  cloudNativePg: "1.30.0",
  pulumi: "v3.259.0",
  helm: "v4.2.4",
  k6: "v1.8.1",
  go: "1.26.8",
  debian: "trixie",
  postgres: "17",
} as const;

export interface GoBuild {
  /** Name of the binary. */
  name: string;
  /** Go package path, or a folder of the module. */
  package: string;
  /** Values of Go string variables, set by the linker. */
  variables?: Record<string, string>;
}

export interface GoModule {
  /** Folder under infra/lab/toolchain that holds go.mod and go.sum. */
  folder: string;
  builds: GoBuild[];
  /** Files of the module's dependencies that the lab uses as they are: name in the cache → module and path. */
  files?: Record<string, { module: string; path: string }>;
}

const kubernetesVariables = {
  "k8s.io/component-base/version.gitVersion": versions.kubernetes,
  "k8s.io/component-base/version.gitMajor": "1",
  "k8s.io/component-base/version.gitMinor": "36",
};

/** One module holds all that is built on Kubernetes' libraries, so that these are compiled once. */
export const goModules = {
  platform: {
    folder: "platform",
    builds: [
      ...["kubeadm", "kubelet", "kubectl", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"].map((name) => ({
        name,
        package: `k8s.io/kubernetes/cmd/${name}`,
        variables: kubernetesVariables,
      })),
      { name: "etcd", package: "go.etcd.io/etcd/server/v3" },
      { name: "kind", package: "sigs.k8s.io/kind" },
      { name: "coredns", package: "./coredns" },
      { name: "pause", package: "./pause" },
      { name: "local-path-provisioner", package: "github.com/rancher/local-path-provisioner" },
      {
        name: "cloudnative-pg",
        package: "github.com/cloudnative-pg/cloudnative-pg/cmd/manager",
        variables: { "github.com/cloudnative-pg/cloudnative-pg/pkg/versions.buildVersion": versions.cloudNativePg },
      },
      { name: "helm", package: "helm.sh/helm/v4/cmd/helm", variables: { "helm.sh/helm/v4/internal/version.version": versions.helm } },
    ],
    files: {
      "kind-base": { module: "sigs.k8s.io/kind", path: "images/base/files" },
      "local-path-storage.yaml": { module: "github.com/rancher/local-path-provisioner", path: "deploy/local-path-storage.yaml" },
      "cnpg.yaml": { module: "github.com/cloudnative-pg/cloudnative-pg", path: `releases/cnpg-${versions.cloudNativePg}.yaml` },
    },
  },
  containerd: {
    folder: "containerd",
    builds: ["containerd", "containerd-shim-runc-v2", "ctr"].map((name) => ({
      name,
      package: `github.com/containerd/containerd/v2/cmd/${name}`,
      variables: { "github.com/containerd/containerd/v2/version.Version": versions.containerd },
    })),
  },
  pulumi: {
    folder: "pulumi",
    builds: [
      {
        name: "pulumi",
        package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": versions.pulumi },
      },
    ],
  },
  "pulumi-language-nodejs": {
    folder: "pulumi-language-nodejs",
    builds: [{ name: "pulumi-language-nodejs", package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs" }],
  },
  k6: { folder: "k6", builds: [{ name: "k6", package: "go.k6.io/k6" }] },
} as const satisfies Record<string, GoModule>;

export type ModuleName = keyof typeof goModules;

/** The tools a person or the launcher calls, and the module each is built in. */
export const toolModules = {
  kind: "platform",
  kubectl: "platform",
  helm: "platform",
  pulumi: "pulumi",
  "pulumi-language-nodejs": "pulumi-language-nodejs",
  k6: "k6",
} as const satisfies Record<string, ModuleName>;

export type ToolName = keyof typeof toolModules;
