/** Packets dropped inside the nodes' network namespaces, by an nftables table of the fault's own. */
import type { AimedFault, FaultContext } from "../fault.ts";
import { type NodePart, nodeFault } from "./node-fault.ts";
import { onNode } from "./node-shell.ts";
import type { NodeFacts } from "./platform.ts";

/** nftables conditions; a packet that meets any of them is dropped, that of an established connection too. */
export interface Drops {
  /** To the node itself. */
  input?: readonly string[];
  /** From the node itself. */
  output?: readonly string[];
  /** From and to its pods. */
  forward?: readonly string[];
}

const hooks = ["input", "output", "forward"] as const;
/** After the translation of Services' addresses (-100), so that the real ones are seen; before everybody else's filters. */
const priority = -20;

/** nftables allows no hyphens in a bare name. */
export function tableName(id: string): string {
  return `dsp_fault_${id.replaceAll("-", "_")}`;
}

/** The table as `nft --file -` takes it. @throws Error for a table that would drop nothing */
export function tableText(id: string, drops: Drops): string {
  const chains = hooks.flatMap((hook) => {
    const conditions = drops[hook] ?? [];
    if (conditions.length === 0) return [];
    const rules = conditions.map((condition) => `    ${condition} counter name dropped drop`);
    return [`  chain ${hook} {`, `    type filter hook ${hook} priority ${priority}; policy accept;`, ...rules, "  }"];
  });
  if (chains.length === 0) throw new Error("a cut that drops nothing");
  return [`table inet ${tableName(id)} {`, "  counter dropped {", "  }", ...chains, "}", ""].join("\n");
}

/** `{ 10.244.3.0/24, 172.28.0.8 }` @throws Error for none, or for what is no IPv4 address or range */
export function addressSet(addresses: readonly string[]): string {
  const unique = [...new Set(addresses)];
  if (unique.length === 0) throw new Error("a cut needs addresses");
  const wrong = unique.find((address) => !/^\d{1,3}(\.\d{1,3}){3}(\/\d{1,2})?$/.test(address));
  if (wrong !== undefined) throw new Error(`"${wrong}" is no IPv4 address or range`);
  return `{ ${unique.join(", ")} }`;
}

/** Where a node and its pods are found: its own address and its pods' range. */
export function addressesOf(nodes: readonly NodeFacts[]): string[] {
  return nodes.flatMap(({ address, podRange }) => [address, ...(podRange === undefined ? [] : [podRange])]);
}

/** Everything between this node with its pods and those addresses, in one direction or both. */
export function dropsBetween(far: readonly string[], direction: "both" | "outgoing" | "incoming"): Drops {
  const set = addressSet(far);
  const leaving = direction === "incoming" ? [] : [`ip daddr ${set}`];
  const arriving = direction === "outgoing" ? [] : [`ip saddr ${set}`];
  return { input: arriving, output: leaving, forward: [...leaving, ...arriving] };
}

/** Packets that the table's counter has seen. @param text what `nft list counters` prints */
export function droppedPackets(text: string): number {
  return [...text.matchAll(/packets (\d+)/g)].reduce((sum, match) => sum + Number(match[1]), 0);
}

export interface CutPlan {
  id: string;
  what: string;
  elements: readonly string[];
  cuts: readonly { node: string; drops: Drops }[];
  /** A way that was open before and must be shut now: the node asks for a TCP connection. */
  shut?: { node: string; address: string; port: number };
  /** Further evidence beside dropped packets. */
  evidence?(): Promise<string | undefined>;
}

const connectScript = 'timeout 1.5 bash -c "exec 3<> /dev/tcp/$1/$2" 2> /dev/null && echo open || echo shut';

/** A cut in one or more nodes, which they heal by themselves. It is real when packets were dropped and the way that it closes is closed. */
export function networkCut(context: FaultContext, plan: CutPlan): AimedFault {
  const { target } = context;
  const { id, cuts } = plan;
  const table = `inet ${tableName(id)}`;
  const parts = cuts.map(
    ({ node, drops }): NodePart => ({
      node,
      inject: `nft list table ${table} > /dev/null 2>&1 || nft --file - <<'RULES'\n${tableText(id, drops)}RULES`,
      heal: `nft delete table ${table} 2> /dev/null || ! nft list table ${table} > /dev/null 2>&1`,
    }),
  );
  const counted = async () =>
    Promise.all(
      cuts.map(async ({ node }) => {
        const text = await onNode(target, node, `nft list counters table ${table} 2> /dev/null || echo none`);
        return { there: !text.startsWith("none"), packets: droppedPackets(text) };
      }),
    );
  return nodeFault(context, {
    ...plan,
    parts,
    async happened() {
      const { shut } = plan;
      const way = shut === undefined ? "shut" : (await onNode(target, shut.node, connectScript, [shut.address, String(shut.port)])).trim();
      const counters = await counted();
      const packets = counters.reduce((sum, counter) => sum + counter.packets, 0);
      if (way !== "shut" || packets === 0 || !counters.every(({ there }) => there)) return undefined;
      const more = plan.evidence === undefined ? "" : await plan.evidence();
      if (more === undefined) return undefined;
      const closed = shut === undefined ? "" : `; ${shut.node} does not reach ${shut.address}:${shut.port}`;
      return `${packets} packets dropped in ${cuts.map(({ node }) => node).join(", ")}${closed}${more === "" ? "" : `; ${more}`}`;
    },
    async remains() {
      const counters = await counted();
      return cuts.flatMap(({ node }, index) => (counters[index]?.there ? [`${node} still drops packets`] : []));
    },
  });
}
