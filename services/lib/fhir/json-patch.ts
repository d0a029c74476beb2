import { fhirError, type IssueCode } from "../operation-outcome.ts";
import { isExactNumber, maxDepth } from "./exact-json.ts";

/** One operation of a JSON Patch (RFC 6902); its pointers (RFC 6901) are split into their unescaped parts. */
export type PatchOperation =
  | { op: "add" | "replace" | "test"; path: string[]; value: unknown }
  | { op: "remove"; path: string[] }
  | { op: "move" | "copy"; path: string[]; from: string[] };

export const patchLimits = {
  operationsMax: 500,
  /** Values looked at or handed on by all operations together: less than a second's work. */
  workMax: 250_000,
  /** Of text and of values, by all `copy` together: copies of copies grow without bound. */
  copiedMax: 8 * 1024 * 1024,
} as const;

const names = new Set<string>(["add", "remove", "replace", "move", "copy", "test"] satisfies PatchOperation["op"][]);

/** Reads a patch document. Members that an operation does not have are ignored. @throws FhirError 400 that names the operation */
export function parseJsonPatch(document: unknown): PatchOperation[] {
  if (!Array.isArray(document)) {
    throw fhirError(400, "structure", "A JSON Patch is a list of operations");
  }
  if (document.length > patchLimits.operationsMax) {
    throw fhirError(400, "too-costly", `A JSON Patch may have at most ${patchLimits.operationsMax} operations`);
  }
  return document.map(parseOperation);
}

function parseOperation(given: unknown, place: number): PatchOperation {
  if (!isObject(given)) {
    throw wrong(place, "it must be an object");
  }
  const op = own(given, "op");
  if (typeof op !== "string" || !names.has(op)) {
    throw wrong(place, `its op must be one of ${[...names].join(", ")}`);
  }
  const path = pointer(own(given, "path"), place, "path");
  if (op === "remove") {
    return { op, path };
  }
  if (op === "move" || op === "copy") {
    return { op, path, from: pointer(own(given, "from"), place, "from") };
  }
  if (!Object.hasOwn(given, "value")) {
    throw wrong(place, "it has no value");
  }
  return { op: op as "add" | "replace" | "test", path, value: own(given, "value") };
}

function pointer(text: unknown, place: number, name: string): string[] {
  if (typeof text !== "string" || (text !== "" && !text.startsWith("/")) || /~(?![01])/.test(text)) {
    throw wrong(place, `its ${name} must be a JSON Pointer, as in /name/0/family`);
  }
  const parts = text.split("/").slice(1);
  // No element is called so, and some code that reads the result may take it for the object's prototype.
  if (parts.length > maxDepth || parts.includes("__proto__")) {
    throw wrong(place, `its ${name} leads where no element is`);
  }
  return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/**
 * Applies a patch: all of it or nothing. The document itself is left as it is; what is returned shares with it whatever did not change.
 * Numbers kept as they were written stay so, and are equal to those of the same value however they are written.
 * @throws FhirError 400 that names the operation that cannot be done; 422 for a `test` that fails. FHIR R4 does not say which status that is,
 * R5 does (http://hl7.org/fhir/R5/http.html#patch), in keeping with RFC 5789, section 2.2: understood, and not to be done.
 */
export function applyJsonPatch(document: unknown, operations: readonly PatchOperation[]): unknown {
  const budget = { work: 0, copied: 0 };
  return operations.reduce((current, operation, place) => new Step(place, operation.op, budget).run(current, operation), document);
}

function wrong(place: number, text: string, status = 400, code: IssueCode = "value"): Error {
  return fhirError(status, code, `Operation ${place}: ${text}`, { expression: `operation[${place}]` });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isExactNumber(value);
}

/** An object's own member: `constructor` and the like, which every object inherits, are not among its elements. */
function own(object: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** One operation at work; it knows its place for what it has to complain of. */
class Step {
  readonly #place: number;
  readonly #op: PatchOperation["op"];
  readonly #budget: { work: number; copied: number };

  constructor(place: number, op: PatchOperation["op"], budget: { work: number; copied: number }) {
    this.#place = place;
    this.#op = op;
    this.#budget = budget;
  }

  run(document: unknown, operation: PatchOperation): unknown {
    switch (operation.op) {
      case "add":
      case "replace":
        return this.#put(document, operation.path, operation.value);
      case "remove":
        return this.#remove(document, operation.path);
      case "test":
        return this.#test(document, operation);
      case "copy": {
        const value = this.#find(document, operation.from);
        this.#budget.copied += this.#measure(value).size;
        if (this.#budget.copied > patchLimits.copiedMax) throw this.#tooMuch();
        return this.#put(document, operation.path, value);
      }
      case "move": {
        const { from, path } = operation;
        const value = this.#find(document, from);
        if (from.length === path.length && startsWith(path, from)) return document;
        if (startsWith(path, from)) throw this.#wrong("nothing can be moved into itself");
        return this.#put(this.#remove(document, from), path, value);
      }
    }
  }

  #wrong(text: string): Error {
    return wrong(this.#place, `${this.#op}: ${text}`);
  }

  #tooMuch(): Error {
    return wrong(this.#place, "the patch is too much work", 400, "too-costly");
  }

  #nothingAt(path: readonly string[]): Error {
    const text = `${this.#op}: there is nothing at ${written(path)}`;
    return this.#op === "test" ? wrong(this.#place, text, 422, "processing") : wrong(this.#place, text);
  }

  #spend(values: number): void {
    this.#budget.work += values;
    if (this.#budget.work > patchLimits.workMax) throw this.#tooMuch();
  }

  #find(document: unknown, path: readonly string[]): unknown {
    let value = document;
    for (const [depth, part] of path.entries()) value = this.#child(value, part, path.slice(0, depth + 1));
    return value;
  }

  #child(parent: unknown, part: string, path: readonly string[]): unknown {
    const value = Array.isArray(parent) ? parent[listIndex(part) ?? -1] : isObject(parent) ? own(parent, part) : undefined;
    if (value === undefined) throw this.#nothingAt(path);
    return value;
  }

  #put(document: unknown, path: readonly string[], value: unknown): unknown {
    if (path.length + this.#measure(value).depth > maxDepth) throw this.#wrong(`more than ${maxDepth} levels deep`);
    if (path.length === 0) return value;
    return this.#edit(document, path, (parent, part) => {
      if (!Array.isArray(parent)) {
        if (this.#op === "replace") this.#child(parent, part, path);
        return { ...parent, [part]: value };
      }
      if (this.#op === "replace") {
        this.#child(parent, part, path);
        return parent.with(Number(part), value);
      }
      const at = part === "-" ? parent.length : listIndex(part);
      if (at === undefined || at > parent.length) throw this.#nothingAt(path);
      return parent.toSpliced(at, 0, value);
    });
  }

  #remove(document: unknown, path: readonly string[]): unknown {
    if (path.length === 0) throw this.#wrong("the whole document cannot go");
    return this.#edit(document, path, (parent, part) => {
      this.#child(parent, part, path);
      if (Array.isArray(parent)) return parent.toSpliced(Number(part), 1);
      const { [part]: _gone, ...rest } = parent;
      return rest;
    });
  }

  /** Makes anew what leads to a place, down to the object or list that holds it. */
  #edit(
    document: unknown,
    path: readonly string[],
    change: (parent: Record<string, unknown> | unknown[], part: string) => unknown,
    depth = 0,
  ): unknown {
    const part = path[depth] ?? "";
    if (!Array.isArray(document) && !isObject(document)) throw this.#nothingAt(path.slice(0, depth + 1));
    // A list is copied as a block, an object member by member.
    this.#spend(Array.isArray(document) ? document.length / 16 : Object.keys(document).length);
    if (depth === path.length - 1) return change(document, part);
    const child = this.#edit(this.#child(document, part, path.slice(0, depth + 1)), path, change, depth + 1);
    return Array.isArray(document) ? document.with(Number(part), child) : { ...document, [part]: child };
  }

  #test(document: unknown, { path, value }: { path: string[]; value: unknown }): unknown {
    this.#measure(value);
    if (!isSame(this.#find(document, path), value)) {
      throw wrong(this.#place, `test: another value is at ${written(path)}`, 422, "processing");
    }
    return document;
  }

  /** How deep a value is nested (0: not at all), and how much there is of it. */
  #measure(value: unknown): { depth: number; size: number } {
    if (typeof value === "string") return { depth: 0, size: value.length + 1 };
    if (!Array.isArray(value) && !isObject(value)) return { depth: 0, size: 1 };
    const entries = Object.entries(value);
    this.#spend(entries.length);
    const parts = entries.map(([name, each]) => ({ name, ...this.#measure(each) }));
    return {
      depth: 1 + parts.reduce((deepest, { depth }) => Math.max(deepest, depth), 0),
      size: parts.reduce((sum, { name, size }) => sum + name.length + size, 1),
    };
  }
}

function startsWith(path: readonly string[], beginning: readonly string[]): boolean {
  return beginning.every((part, depth) => path[depth] === part);
}

/** The pointer as a client writes it, cut where it gets long. */
function written(path: readonly string[]): string {
  return `/${path.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`.slice(0, 100);
}

/** An index without leading zeros; undefined for what is none. */
function listIndex(part: string): number | undefined {
  return /^(0|[1-9]\d{0,8})$/.test(part) ? Number(part) : undefined;
}

/** Equality as RFC 6902 (section 4.6) has it: members in any order, numbers by their value. */
function isSame(left: unknown, right: unknown): boolean {
  if (Array.isArray(left)) {
    return Array.isArray(right) && left.length === right.length && left.every((each, at) => isSame(each, right[at]));
  }
  if (isObject(left)) {
    if (!isObject(right)) return false;
    const keys = Object.keys(left);
    return keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key) && isSame(left[key], right[key]));
  }
  const [one, other] = [numberText(left), numberText(right)];
  return one !== undefined && other !== undefined ? decimal(one) === decimal(other) : left === right;
}

function numberText(value: unknown): string | undefined {
  return typeof value === "number" ? String(value) : isExactNumber(value) ? value.rawJSON : undefined;
}

/** One text for each number, whatever its final zeros and its exponent: 1.50 and 15e-1 are both `15e-1`. */
function decimal(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  return significant === "" ? "0" : `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
