import { stringify } from "yaml";
import type { LabFacts } from "./facts.ts";
import { kubernetesImages } from "./images.ts";
import { paths } from "./paths.ts";

export const clusterName = "dsp";
export const nodeNetwork = "dsp";
export const podSubnet = "10.244.0.0/16";
/** Where the nodes find image archives of the host. */
export const imagesMount = "/dsp-images";
export const serviceSubnet = "10.96.0.0/16";

export interface LabNode {
  /** The container's name, which is the node's name too. */
  name: string;
  role: "control-plane" | "worker";
  site: string;
  /** Carries this site's edge. */
  edge: boolean;
}

/** Three buildings: a control plane in each, two workers in each of the two full sites. Names are kind's own. */
export const labNodes: readonly LabNode[] = [
  { name: "dsp-control-plane", role: "control-plane", site: "site-a", edge: false },
  { name: "dsp-control-plane2", role: "control-plane", site: "site-b", edge: false },
  { name: "dsp-control-plane3", role: "control-plane", site: "witness", edge: false },
  { name: "dsp-worker", role: "worker", site: "site-a", edge: true },
  { name: "dsp-worker2", role: "worker", site: "site-a", edge: false },
  { name: "dsp-worker3", role: "worker", site: "site-b", edge: true },
  { name: "dsp-worker4", role: "worker", site: "site-b", edge: false },
];

/** kind's container before the API servers, used from the host only. */
export const loadBalancerName = `${clusterName}-external-load-balancer`;
/** The container that makes the edge's virtual IP reachable on a port of localhost. */
export const localhostName = `${clusterName}-localhost`;

const election = { "leader-elect-lease-duration": "4s", "leader-elect-renew-deadline": "3s", "leader-elect-retry-period": "1s" };

const kubeletConfiguration = {
  kind: "KubeletConfiguration",
  // both are needed where the host still has cgroup v1 or lacks a capability; neither changes anything elsewhere
  failCgroupV1: false,
  // a node that does not renew its lease is found dead sooner than after the usual 40 s
  nodeStatusUpdateFrequency: "4s",
  // and what has not changed is not told: every node's whole status went to all that follow nodes, twice a second
  nodeStatusReportFrequency: "5m",
  nodeLeaseDurationSeconds: 8,
  // a container that was ended several times in ten minutes would else wait up to five before its next start, and redundancy with it
  crashLoopBackOff: { maxContainerRestartPeriod: "2s" },
  // the images cannot be fetched again
  imageGCHighThresholdPercent: 100,
  evictionHard: { "memory.available": "50Mi", "nodefs.available": "0%", "nodefs.inodesFree": "0%", "imagefs.available": "0%" },
};

const ownImages = {
  imageRepository: kubernetesImages.repository,
  etcd: { local: { imageRepository: kubernetesImages.repository, imageTag: kubernetesImages.etcdTag } },
  dns: { imageRepository: kubernetesImages.repository, imageTag: kubernetesImages.corednsTag },
};

const clusterConfiguration = {
  kind: "ClusterConfiguration",
  controllerManager: { extraArgs: { "node-monitor-period": "1s", "node-monitor-grace-period": "6s", ...election } },
  scheduler: { extraArgs: election },
};

/** Both ways in which a node becomes a control plane; the files are in the node image. */
const patched = ["InitConfiguration", "JoinConfiguration"].map((kind) => ({ kind, patches: { directory: "/etc/dsp/kubeadm-patches" } }));

/**
 * kind's configuration for the lab.
 * @param image the node image
 * @param settings from `packages` the pod network is the lab's own, and the images of Kubernetes' components are found under its name
 */
export function kindConfig(image: string, settings: LabFacts["settings"]): string {
  const own = settings.artifacts === "packages";
  return stringify({
    kind: "Cluster",
    apiVersion: "kind.x-k8s.io/v1alpha4",
    name: clusterName,
    networking: { disableDefaultCNI: own, podSubnet, serviceSubnet, apiServerAddress: "127.0.0.1", apiServerPort: settings.apiPort },
    featureGates: { KubeletInUserNamespace: true },
    kubeadmConfigPatches: [kubeletConfiguration, { ...clusterConfiguration, ...(own ? ownImages : {}) }, ...patched].map((patch) =>
      stringify(patch),
    ),
    nodes: labNodes.map((node) => ({
      role: node.role,
      image,
      extraMounts: [{ hostPath: paths.imageArchives, containerPath: imagesMount, readOnly: true }],
      labels: {
        "topology.kubernetes.io/zone": node.site,
        "topology.kubernetes.io/region": "lab",
        ...(node.edge ? { "dsp/edge": "true" } : {}),
      },
    })),
  });
}
