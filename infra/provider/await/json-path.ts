import { isObject, type Json } from "../json.ts";

/** One step of a JSONPath: into a member, a list position, everything, or the items whose member has a value. */
export type JsonPathStep =
  | { type: "member"; name: string }
  | { type: "position"; index: number }
  | { type: "all" }
  | { type: "filter"; path: JsonPathStep[]; operator: "==" | "!="; value: string };

/**
 * Reads the part of kubectl's JSONPath (https://kubernetes.io/docs/reference/kubectl/jsonpath) that finds values: `{.a.b}`, `['a.b']`,
 * `\.` inside a name, `[0]`, `[-1]`, `[*]`, `.*`, `[?(@.type=="Ready")]`. Throws on anything else.
 */
export function parseJsonPath(text: string): JsonPathStep[] {
  const inner = text
    .trim()
    .replace(/^\{\s*/, "")
    .replace(/\s*\}$/, "")
    .replace(/^[$@]/, "");
  const steps: JsonPathStep[] = [];
  let rest = inner;
  while (rest !== "" && rest !== ".") {
    const step = readStep(rest);
    if (!step) throw new Error(`cannot read the JSONPath ${text} at "${rest}"`);
    steps.push(step.step);
    rest = rest.slice(step.length);
  }
  return steps;
}

function readStep(text: string): { step: JsonPathStep; length: number } | undefined {
  const filter = /^\.?\[\?\(\s*@([^=!]*?)\s*(==|!=)\s*(?:"([^"]*)"|'([^']*)'|([^)\s]+))\s*\)\]/.exec(text);
  if (filter) {
    const value = filter[3] ?? filter[4] ?? filter[5] ?? "";
    return {
      step: { type: "filter", path: parseJsonPath(filter[1] ?? ""), operator: filter[2] === "!=" ? "!=" : "==", value },
      length: filter[0].length,
    };
  }
  const all = /^\.?\[\*\]|^\.\*/.exec(text);
  if (all) return { step: { type: "all" }, length: all[0].length };
  const position = /^\.?\[(-?\d+)\]/.exec(text);
  if (position) return { step: { type: "position", index: Number(position[1]) }, length: position[0].length };
  const quoted = /^\.?\[(?:'([^']*)'|"([^"]*)")\]/.exec(text);
  if (quoted) return { step: { type: "member", name: quoted[1] ?? quoted[2] ?? "" }, length: quoted[0].length };
  const member = /^\.?((?:\\.|[^.[\]\\{}()\s])+)/.exec(text);
  if (member) return { step: { type: "member", name: (member[1] ?? "").replace(/\\(.)/g, "$1") }, length: member[0].length };
  return undefined;
}

/** Every value the path leads to. */
export function evaluateJsonPath(steps: readonly JsonPathStep[], root: Json): Json[] {
  return steps.reduce<Json[]>((values, step) => values.flatMap((value) => follow(step, value)), [root]);
}

function follow(step: JsonPathStep, value: Json): Json[] {
  switch (step.type) {
    case "member":
      return isObject(value) && Object.hasOwn(value, step.name) ? [value[step.name] ?? null] : [];
    case "position":
      return Array.isArray(value) ? value.slice(step.index, step.index === -1 ? undefined : step.index + 1) : [];
    case "all":
      return Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
    case "filter":
      return (Array.isArray(value) ? value : []).filter((item) => {
        const isEqual = evaluateJsonPath(step.path, item).some((found) => String(found) === step.value);
        return step.operator === "==" ? isEqual : !isEqual;
      });
  }
}
