/** Every container of the lab is stopped once and started again: addresses stay, nodes return, etcd is whole. */
import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { readLabFacts } from "../../infra/lab/facts.ts";
import { readStatus, runTool, say, waitForHealth } from "./platform-under-test.ts";

const downMs = 5_000;
const returnTimeoutMs = 240_000;
const healthTimeoutMs = 6 * 60_000;
const facts = readLabFacts();

async function isNodeReady(name: string): Promise<boolean> {
  const { sites } = await readStatus();
  return sites.flatMap(({ nodes }) => nodes).some((node) => node.name === name && node.ready);
}

/** Each API server is asked for its own etcd member. */
async function healthyEtcdMembers(): Promise<number> {
  const answers = (facts?.controlPlanes ?? []).map(({ address }) =>
    runTool("kubectl", ["--server", `https://${address}:6443`, "--request-timeout", "3s", "get", "--raw", "/readyz/etcd"], 10_000).catch(
      () => "",
    ),
  );
  return (await Promise.all(answers)).filter((answer) => answer.trim() === "ok").length;
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + returnTimeoutMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`${what}: not so after ${returnTimeoutMs / 1_000} s`);
    await delay(1_000);
  }
}

beforeAll(() => waitForHealth(healthTimeoutMs), healthTimeoutMs + 30_000);

describe("each node", () => {
  it.each(facts?.nodes ?? [])(
    "$name is stopped and comes back by itself",
    { timeout: 2 * returnTimeoutMs + healthTimeoutMs },
    async ({ name, address }) => {
      try {
        say(`stopping ${name}`);
        await runTool("docker", ["stop", "--time", "5", name]);
        await delay(downMs);
      } finally {
        await runTool("docker", ["start", name]);
      }
      const inspected = await runTool("docker", ["inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name]);
      expect(inspected.trim()).toBe(address);
      await until(`${name} is ready`, () => isNodeReady(name));
      await until("etcd has three healthy members", async () => (await healthyEtcdMembers()) === 3);
      say(`${name} is back`);
      // The next loss must find full redundancy, or it would be the second at once.
      await waitForHealth(healthTimeoutMs);
    },
  );
});
