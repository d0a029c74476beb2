import { describe, expect, it } from "vitest";
import type { FaultContext } from "../fault.ts";
import { bareTarget } from "../testing/bare-target.ts";
import { engineFault } from "./engine-fault.ts";
import { killing } from "./node-kill.ts";

/** What is asked of the engine about the two nodes, in order. @param refused the command that fails */
function engine(refused?: string): { context: FaultContext; calls: string[] } {
  const calls: string[] = [];
  const states = ["a", "b"].map((name) => ({ Name: `/${name}`, State: { Running: true, Paused: false }, HostConfig: {} }));
  const target = bareTarget({
    kind: "lab",
    environment: { DOCKER_HOST: "unix:///run/engine.sock" },
    run: async (_command, args) => {
      const [verb = "", node = ""] = args;
      if (verb === "inspect" && node !== "--format") return JSON.stringify(states);
      const about = ["a", "b"].includes(node) ? `${verb} ${node}` : "";
      if (about !== "") calls.push(verb === "exec" ? `${about}: ${args[6]}` : about);
      if (about === refused) throw new Error("the engine is busy");
      return "";
    },
  });
  return { context: { target, limitS: 60, signal: new AbortController().signal, log: () => undefined }, calls };
}

const plan = { id: "test-1", what: "two nodes", elements: ["node/a", "node/b"], nodes: [], ...killing };

describe("a node whose power is cut", () => {
  it("loses its lines before its processes end, so that it says goodbye to nobody", async () => {
    const { context, calls } = engine();
    await engineFault(context, plan).inject();
    expect(calls.slice(0, 2).toSorted()).toEqual([`exec a: ${killing.before}`, `exec b: ${killing.before}`]);
    expect(calls.slice(2).toSorted()).toEqual(["kill a", "kill b"]);
  });

  it("is started anew where it cannot be killed: without its lines it would be neither there nor gone", async () => {
    const { context, calls } = engine("kill b");
    await expect(engineFault(context, plan).inject()).rejects.toThrow("the engine is busy");
    expect(calls.slice(4).toSorted()).toEqual(["restart a", "restart b"]);
  });
});
