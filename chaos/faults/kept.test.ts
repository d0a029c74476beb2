import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { FaultNotPossible } from "../fault.ts";
import type { Target } from "../target.ts";
import { bareTarget } from "../testing/bare-target.ts";
import { engineScript, engineSocket, healKeptFaults, healScript, keeperArguments, listKeptFaults, parseKept } from "./kept.ts";

const run = promisify(execFile);
const keeping = { id: "node-kill-witness-3fa9c1", what: "node n (witness),\nthe witness", limitS: 60 };

describe("healScript", () => {
  it("says when and what, and removes itself only after the healing", () => {
    expect(healScript(keeping, "nft delete table inet t", 1_000).split("\n")).toEqual([
      "#!/bin/bash",
      "# heals-at: 61000",
      "# what: node n (witness), the witness",
      "set -euo pipefail",
      "nft delete table inet t",
      "rm -f /var/lib/dsp-faults/node-kill-witness-3fa9c1.sh",
      "",
    ]);
  });
});

describe("parseKept", () => {
  it("reads the lines of nodes and engine, and nothing else", () => {
    expect(parseKept("a-1\t61000\tnode n\n\nnoise\n\t\t\n")).toEqual([{ id: "a-1", healsAtMs: 61_000, what: "node n" }]);
  });
});

describe("the container that keeps a limit", () => {
  it("gets the engine's socket and nothing more", () => {
    const args = keeperArguments(keeping, "sha256:abc", "/run/docker.sock", [{ path: "/containers/n/start" }], 1_000);
    const line = args.join(" ");
    expect(line).toContain("--network none --cap-drop ALL --security-opt no-new-privileges --read-only");
    expect(line).toContain("--volume /run/docker.sock:/run/engine.sock");
    expect(line).toContain("--label dsp.fault.heals-at=61000");
    expect(args.at(-1)).toBe('sleep 60; eval "$HEAL"');
    expect(line).not.toContain("privileged ");
  });

  it("needs an engine with a socket on this machine", () => {
    expect(engineSocket({ DOCKER_HOST: "unix:///run/e/docker.sock" })).toBe("/run/e/docker.sock");
    expect(engineSocket({})).toBe("/var/run/docker.sock");
    expect(() => engineSocket({ DOCKER_HOST: "tcp://10.0.0.1:2375" })).toThrow(FaultNotPossible);
  });
});

describe("engineScript", () => {
  const folder = mkdtempSync(join(tmpdir(), "dsp-engine-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the script with a curl that notes its calls and gives one answer. */
  async function runWith(answer: string): Promise<{ calls: string[]; failed: boolean }> {
    const log = join(folder, "calls");
    writeFileSync(log, "");
    writeFileSync(join(folder, "curl"), `#!/bin/bash\necho "\${!#} $*" >> ${log}\nprintf '%b' '${answer}'\n`);
    writeFileSync(join(folder, "sleep"), "#!/bin/bash\n");
    for (const name of ["curl", "sleep"]) chmodSync(join(folder, name), 0o755);
    const script = engineScript([
      { path: "/containers/a/start" },
      { path: "/containers/b/update", body: { CpuPeriod: 100_000, CpuQuota: -1 } },
    ]);
    const failed = await run("bash", ["-c", script], { env: { PATH: `${folder}:${process.env.PATH}` } }).then(
      () => false,
      () => true,
    );
    return { calls: readFileSync(log, "utf8").trim().split("\n"), failed };
  }

  it("calls each once when the engine does it", async () => {
    const { calls, failed } = await runWith("\\n204");
    expect(failed).toBe(false);
    expect(calls.map((call) => call.split(" ")[0]).toSorted()).toEqual([
      "http://engine/containers/a/start",
      "http://engine/containers/b/update",
    ]);
    expect(calls.find((call) => call.includes("/b/update"))).toContain('{"CpuPeriod":100000,"CpuQuota":-1}');
  });

  it.each(["\\n304", '{"message":"Container a is not paused"}\\n500'])("takes %s for done", async (answer) => {
    expect((await runWith(answer)).failed).toBe(false);
  });

  it("tries again, and fails at the end, when the engine cannot", async () => {
    const { calls, failed } = await runWith('{"message":"driver failed"}\\n500');
    expect(failed).toBe(true);
    expect(calls).toHaveLength(12);
  });
});

/** An engine with one keeper and two nodes, the second of which fails. */
function engineTarget(calls: string[]): Target {
  return bareTarget({
    async run(command, args) {
      const line = [command, ...args.map((arg) => (arg.includes("\n") ? "<script>" : arg))].join(" ");
      calls.push(line);
      if (line.includes("label=dsp.fault")) return "node-kill-1\t2000\tnode a\n";
      if (line.includes("io.x-k8s.kind.role")) return "a\tcontrol-plane\nb\tworker\nlb\texternal-load-balancer\n";
      if (line.includes("docker ps")) return "0123\n";
      if (line.endsWith("fault") && line.startsWith("docker exec a")) return "dns-down-1\t1000\tDNS\n";
      if (line.startsWith("docker exec b")) throw new Error("b does not answer");
      return "";
    },
  });
}

describe("healKeptFaults", () => {
  it("heals the engine's first, then every node's, and says what could not be", async () => {
    const calls: string[] = [];
    await expect(healKeptFaults(engineTarget(calls))).rejects.toThrow(/b does not answer/);
    const keeper = calls.findIndex((call) => call.startsWith("docker exec dsp-fault-node-kill-1 bash -c"));
    const removed = calls.findIndex((call) => call.startsWith("docker rm --force --volumes dsp-fault-node-kill-1"));
    const node = calls.findIndex((call) => call.startsWith("docker exec a") && call.endsWith("dns-down-1"));
    expect(keeper).toBeGreaterThan(-1);
    expect(removed).toBeGreaterThan(keeper);
    expect(node).toBeGreaterThan(removed);
    expect(calls.some((call) => call.startsWith("docker exec lb"))).toBe(false);
  });

  it("has nothing to ask of a real cluster", async () => {
    const calls: string[] = [];
    const target: Target = { ...engineTarget(calls), kind: "cluster" };
    await healKeptFaults(target);
    expect(await listKeptFaults(target)).toEqual([]);
    expect(calls).toEqual([]);
  });
});
