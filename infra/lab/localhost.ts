import type { StepTools } from "../cli/recipe.ts";
import { localhostName, nodeNetwork } from "./cluster-config.ts";
import { toolEnvironment } from "./environment.ts";
import type { LabFacts } from "./facts.ts";

/**
 * Makes the edge reachable on a port of localhost: a small HAProxy in the nodes' network that hands connections on to the virtual IP,
 * wherever that is. Passing TLS through, it needs no secret.
 */
export async function ensureLocalhostPort(tools: StepTools, facts: LabFacts, edgeImage: string): Promise<boolean> {
  const env = toolEnvironment();
  const config = [
    "global",
    "  no strict-limits",
    "defaults",
    "  mode tcp",
    "  timeout connect 500ms",
    "  timeout client 60s",
    "  timeout server 60s",
    "  retries 10",
    "frontend localhost",
    "  bind :8443",
    "  default_backend edge",
    "backend edge",
    `  server edge ${facts.virtualIp}:443 tcp-ut 2s`,
    "",
  ].join("\n");
  const label = `dsp.inputs=${Buffer.from(config + edgeImage)
    .toString("base64url")
    .slice(-40)}-${facts.settings.edgePort}`;
  const found = await tools.run(
    "docker",
    ["ps", "--quiet", "--filter", `name=^${localhostName}$`, "--filter", `label=${label}`, "--filter", "status=running"],
    { env },
  );
  if (found.trim() !== "") return false;
  await tools.run("docker", ["rm", "--force", localhostName], { env, allowFailure: true });
  const publish = `127.0.0.1:${facts.settings.edgePort}:8443`;
  const start = 'printf %s "$CONFIG" > /tmp/haproxy.cfg && exec haproxy -W -db -f /tmp/haproxy.cfg';
  const hardened = ["--user", "998:998", "--cap-drop", "ALL", "--read-only", "--tmpfs", "/tmp"];
  const run = ["run", "--detach", "--name", localhostName, "--network", nodeNetwork, "--publish", publish, "--label", label, ...hardened];
  await tools.run("docker", [...run, "--env", `CONFIG=${config}`, edgeImage, "sh", "-c", start], { env });
  return true;
}
