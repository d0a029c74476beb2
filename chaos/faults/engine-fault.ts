import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { AimedFault, FaultContext } from "../fault.ts";
import { answersHttps } from "./answers-https.ts";
import { type EngineCall, keepByEngine, releaseEngine } from "./kept.ts";
import { onNode, withEach } from "./node-shell.ts";
import type { NodeFacts } from "./platform.ts";

const engineTimeoutMs = 40_000;
const kubeletPort = 10_250;
/** Machines of a building are switched on one after another: the next one when the last one's kubelet answers, or after so long. */
const nextNodeAfterMs = 15_000;
const kubeletPollMs = 500;

const stateSchema = z.array(
  z.object({
    Name: z.string(),
    State: z.object({ Running: z.boolean(), Paused: z.boolean() }),
    HostConfig: z.object({ CpuQuota: z.number().default(0) }),
  }),
);

export interface NodeState {
  name: string;
  running: boolean;
  paused: boolean;
  /** Microseconds of each tenth of a second; 0 or less: no limit. */
  cpuQuota: number;
}

/** @param json what `docker inspect` prints */
export function parseStates(json: string): NodeState[] {
  return stateSchema.parse(JSON.parse(json)).map(({ Name, State, HostConfig }) => ({
    name: Name.replace(/^\//, ""),
    running: State.Running,
    paused: State.Paused,
    cpuQuota: HostConfig.CpuQuota,
  }));
}

export interface EngineFaultPlan {
  id: string;
  what: string;
  elements: readonly string[];
  nodes: readonly NodeFacts[];
  /** A bash script for each node, just before. It may leave what only starting the node anew takes back. */
  before?: string;
  /** Arguments of `docker` for one node. */
  inject(node: string): readonly string[];
  heal(node: string): readonly string[];
  /** The same healing as calls of the engine's API, for the container that keeps the limit. */
  healCalls(node: string): readonly EngineCall[];
  isBroken(state: NodeState): boolean;
  /** What remains of a broken node, in words: `is not running` */
  broken: string;
  /** Asked when the engine says that every node is broken. Left out: no kubelet may answer any more. */
  evidence?(): Promise<string | undefined>;
}

async function untilAnswers(address: string): Promise<void> {
  const endMs = performance.now() + nextNodeAfterMs;
  while (performance.now() < endMs && !(await answersHttps(address, kubeletPort))) await delay(kubeletPollMs);
}

/** A fault that the engine makes of whole nodes, and whose limit a container on that engine keeps. */
export function engineFault({ target, limitS }: FaultContext, plan: EngineFaultPlan): AimedFault {
  const { id, what, elements, nodes } = plan;
  const names = nodes.map(({ name }) => name);
  const states = async () => parseStates(await target.run("docker", ["inspect", ...names], { timeoutMs: engineTimeoutMs }));
  const docker = (args: readonly string[]) => target.run("docker", args, { timeoutMs: engineTimeoutMs });
  const silence = async (): Promise<string | undefined> => {
    const answers = await Promise.all(nodes.map(({ address }) => answersHttps(address, kubeletPort)));
    if (answers.includes(true)) return undefined;
    return `no kubelet answers any more: ${nodes.map(({ address }) => `${address}:${kubeletPort}`).join(", ")}`;
  };
  return {
    what,
    elements,
    async inject() {
      await keepByEngine(
        target,
        names[0] ?? "",
        { id, what, limitS },
        names.flatMap((name) => plan.healCalls(name)),
      );
      const todo = (await states()).filter((state) => !plan.isBroken(state));
      const { before } = plan;
      try {
        if (before !== undefined) await withEach(todo, ({ name }) => onNode(target, name, before));
        await withEach(todo, ({ name }) => docker(plan.inject(name)));
      } catch (failure) {
        if (before !== undefined) await withEach(todo, ({ name }) => docker(["restart", name]));
        throw failure;
      }
    },
    async happened() {
      if (!(await states()).every((state) => plan.isBroken(state))) return undefined;
      return await (plan.evidence ?? silence)();
    },
    async heal() {
      const todo = (await states()).filter((state) => plan.isBroken(state));
      for (const [index, { name }] of todo.entries()) {
        await docker(plan.heal(name));
        if (index < todo.length - 1) await untilAnswers(nodes.find((node) => node.name === name)?.address ?? "");
      }
      await releaseEngine(target, id);
    },
    async remains() {
      return (await states()).filter((state) => plan.isBroken(state)).map(({ name }) => `${name} ${plan.broken}`);
    },
  };
}
