import { type Fault, FaultNotPossible } from "../fault.ts";
import { answersHttps } from "./answers-https.ts";
import { newFaultId } from "./fault-id.ts";
import { nodeFault } from "./node-fault.ts";
import { requireNodes } from "./node-shell.ts";
import { readPlatform } from "./platform.ts";

const port = 6443;
const manifest = "/etc/kubernetes/manifests/kube-apiserver.yaml";

/** Bash: takes the manifest away, so that the kubelet starts none, and ends the one that runs. @param aside where the manifest waits */
export function stopApiServer(aside: string): string {
  return `[ ! -e ${manifest} ] || mv ${manifest} ${aside}
for round in 1 2 3; do pkill -KILL -x kube-apiserver || true; sleep 0.3; done`;
}

export function startApiServer(aside: string): string {
  return `[ ! -e ${aside} ] || mv ${aside} ${manifest}`;
}

/** Nobody can ask Kubernetes anything, and Kubernetes does nothing: what runs must go on. */
export function apiServersDown(): Fault {
  const name = "api-servers-down";
  return {
    name,
    title: "All API servers are down",
    async aim(context) {
      requireNodes(context.target, "stopping the API servers");
      const servers = (await readPlatform(context)).nodes.filter(({ controlPlane }) => controlPlane);
      if (servers.length === 0) throw new FaultNotPossible("this platform shows no node with an API server");
      const id = newFaultId(name);
      // Beside the folder, so that moving is one step.
      const aside = `/etc/kubernetes/dsp-fault-${id}.yaml`;
      const answering = async () => {
        const answers = await Promise.all(servers.map(async ({ address }) => ((await answersHttps(address, port)) ? [address] : [])));
        return answers.flat();
      };
      return nodeFault(context, {
        id,
        what: `the API servers of ${servers.map((server) => server.name).join(", ")}`,
        elements: ["pod/kube-system/kube-apiserver", "address/default/kubernetes"],
        parts: servers.map((server) => ({ node: server.name, inject: stopApiServer(aside), heal: startApiServer(aside) })),
        async happened() {
          if ((await answering()).length > 0) return undefined;
          return `no API server answers: ${servers.map(({ address }) => `${address}:${port}`).join(", ")}`;
        },
        async remains() {
          const answers = await answering();
          return servers.filter(({ address }) => !answers.includes(address)).map(({ address }) => `${address}:${port} does not answer`);
        },
      });
    },
  };
}
