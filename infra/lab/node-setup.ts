import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { StepError, type StepTools } from "../cli/recipe.ts";
import { toolEnvironment } from "./environment.ts";
import type { LabFacts } from "./facts.ts";
import { routePods } from "./network.ts";

const apiService = "10.96.0.1";
/** Where a control plane's node tells the others whether its API server is ready. */
const apiHealthPort = 6444;
const podRangesTimeoutMs = 60_000;

const nodeListSchema = z.object({
  items: z.array(z.object({ metadata: z.object({ name: z.string() }), spec: z.object({ podCIDR: z.string().optional() }) })),
});

/**
 * Gives every node its pod network and its own way to the API servers. The files stay in the container, so a node that is stopped
 * and started again needs nobody. @returns the number of nodes that were set up; 0 where all were already
 */
export async function setUpNodes(tools: StepTools, facts: LabFacts): Promise<number> {
  const podRanges = await waitForPodRanges(tools, facts.nodes.length);
  const plans = facts.nodes.map((node) => ({ node, files: filesOf(node, facts, podRanges) }));
  let changed = 0;
  await Promise.all(
    plans.map(async ({ node, files }) => {
      if (await writeFiles(tools, node.name, files)) changed++;
    }),
  );
  // The pod network of upstream's node image translates what leaves it.
  if (facts.settings.artifacts === "packages") {
    const ranges = facts.nodes.flatMap(({ name, address }) => {
      const range = podRanges.get(name);
      return range === undefined ? [] : [{ range, node: address }];
    });
    await routePods(tools, ranges);
  }
  tools.progress("waiting for the nodes to be ready");
  await kubectl(tools, ["wait", "--for=condition=Ready", "nodes", "--all", "--timeout=120s"]);
  return changed;
}

async function waitForPodRanges(tools: StepTools, count: number): Promise<Map<string, string>> {
  for (let waitedMs = 0; ; waitedMs += 1000) {
    const listed = nodeListSchema.parse(JSON.parse(await kubectl(tools, ["get", "nodes", "-o", "json"])));
    const ranges = listed.items.flatMap(({ metadata, spec }) => (spec.podCIDR ? [[metadata.name, spec.podCIDR] as const] : []));
    if (ranges.length === count) return new Map(ranges);
    if (waitedMs > podRangesTimeoutMs)
      throw new StepError(`only ${ranges.length} of ${count} nodes have a pod range`, "Run ./dsp down, then ./dsp up.");
    tools.progress(`${ranges.length} of ${count} nodes have a pod range`);
    await sleep(1000, undefined, { signal: tools.signal });
  }
}

function filesOf(node: LabFacts["nodes"][number], facts: LabFacts, podRanges: Map<string, string>): Record<string, string> {
  const own = podRanges.get(node.name) ?? "";
  const others = facts.nodes.filter((other) => other.name !== node.name);
  const proxy = { "/etc/dsp/api-proxy.cfg": apiProxy(facts, node) };
  // kind's own pod network, which its node image carries, needs neither and enforces NetworkPolicies
  if (facts.settings.artifacts === "upstream") return proxy;
  return {
    ...proxy,
    "/etc/cni/net.d/10-dsp.conflist": podNetwork(own),
    "/etc/dsp/pod-routes": others.map((other) => `route replace ${podRanges.get(other.name)} via ${other.address}\n`).join(""),
  };
}

/** A bridge a node, addresses from its range; no address translation, since every node routes to every pod. */
function podNetwork(podRange: string): string {
  return JSON.stringify({
    cniVersion: "1.0.0",
    name: "dsp",
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isGateway: true,
        hairpinMode: true,
        ipMasq: false,
        ipam: { type: "host-local", ranges: [[{ subnet: podRange }]], routes: [{ dst: "0.0.0.0/0" }] },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  });
}

/**
 * HAProxy before the three API servers, those of the node's own site first in line. A server that does not answer twice is out
 * within some 2.5 s, and with it the connections that hang on it. Beside each API server its node's own HAProxy asks it, and tells the
 * others over plain HTTP: a question to an API server is a handshake of TLS, and seven nodes asked three of them.
 */
function apiProxy(facts: LabFacts, own: LabFacts["nodes"][number]): string {
  const servers = facts.nodes
    .filter((node) => node.role === "control-plane")
    .map((node) => `  server ${node.name} ${node.address}:6443 port ${apiHealthPort} weight ${node.site === own.site ? 4 : 1}`);
  const patience = "fastinter 200ms fall 2 rise 1";
  return [
    "global",
    "  no strict-limits",
    "  maxconn 2000",
    "defaults",
    "  mode tcp",
    "  timeout connect 500ms",
    "  timeout client 1h",
    "  timeout server 1h",
    "  timeout check 700ms",
    "  retries 3",
    "  option redispatch 1",
    "  option clitcpka",
    "  option srvtcpka",
    "frontend api",
    `  bind ${apiService}:443`,
    "  default_backend api-servers",
    "backend api-servers",
    "  balance leastconn",
    "  option httpchk GET /readyz",
    "  http-check expect status 200",
    `  default-server check inter 1s downinter 1s ${patience} on-marked-down shutdown-sessions tcp-ut 3s`,
    ...servers,
    ...(own.role === "control-plane"
      ? [
          "frontend api-health",
          "  mode http",
          "  timeout client 5s",
          `  bind ${own.address}:${apiHealthPort}`,
          "  monitor-uri /readyz",
          "  monitor fail if { nbsrv(own-api-server) lt 1 }",
          "backend own-api-server",
          "  option httpchk GET /readyz",
          "  http-check expect status 200",
          `  server own ${own.address}:6443 check check-ssl verify none inter 1s downinter 1s ${patience}`,
        ]
      : []),
    "",
  ].join("\n");
}

async function writeFiles(tools: StepTools, node: string, files: Record<string, string>): Promise<boolean> {
  const env = toolEnvironment();
  let changed = false;
  for (const [path, content] of Object.entries(files)) {
    const found = await tools.run("docker", ["exec", node, "cat", path], { env, allowFailure: true });
    if (found === content) continue;
    changed = true;
    await tools.run(
      "docker",
      ["exec", "--interactive", node, "sh", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1.new" && mv "$1.new" "$1"', "write", path],
      { env, input: content },
    );
  }
  const kubeconfigs = "/etc/kubernetes/kubelet.conf";
  const pointed =
    (
      await tools.run("docker", ["exec", node, "grep", "-c", `server: https://${apiService}:443`, kubeconfigs], { env, allowFailure: true })
    ).trim() === "1";
  if (!changed && pointed) return false;
  const script = [
    "systemctl daemon-reload",
    "systemctl restart dsp-api-proxy",
    "if [ -e /etc/dsp/pod-routes ]; then systemctl restart dsp-pod-routes; fi",
    `sed -i 's#server: https://.*#server: https://${apiService}:443#' ${kubeconfigs}`,
    "systemctl restart kubelet",
  ].join(" && ");
  await tools.run("docker", ["exec", node, "sh", "-ec", script], { env });
  return true;
}

export function kubectl(tools: StepTools, args: readonly string[], input?: string): Promise<string> {
  return tools.run("kubectl", args, { env: toolEnvironment(), ...(input === undefined ? {} : { input }) });
}
