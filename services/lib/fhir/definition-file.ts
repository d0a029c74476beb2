import { closeSync, existsSync, openSync, readFileSync, readSync, statSync, writeFileSync } from "node:fs";
import { z } from "zod";

/** A FHIR resource of the specification's own: only what is common to all is typed. */
export interface DefinitionResource {
  resourceType: string;
  id?: string;
  url?: string;
}

const entryStart = '{\n    "fullUrl" : "';

interface Range {
  start: number;
  end: number;
}

/** Where each entry starts and ends, by its canonical URL. @throws Error when the file does not have the published layout */
function scan(path: string): Map<string, Range> {
  const ranges = new Map<string, Range>();
  const text = readFileSync(path);
  let start = text.indexOf(entryStart);
  while (start >= 0) {
    const next = text.indexOf(entryStart, start + entryStart.length);
    const end = text.lastIndexOf("}", next < 0 ? text.lastIndexOf("]") : next) + 1;
    const urlStart = start + entryStart.length;
    ranges.set(text.toString("utf8", urlStart, text.indexOf('"', urlStart)), { start, end });
    start = next;
  }
  if (ranges.size === 0) {
    throw new Error(`${path} is not a Bundle in the published layout`);
  }
  return ranges;
}

const indexOf = (path: string) => `${path}.index`;
const indexSchema = z.object({ bytes: z.int(), ranges: z.array(z.tuple([z.string(), z.object({ start: z.int(), end: z.int() })])) });

/** Notes beside the file where its entries are, so that who opens it need not read it. @throws Error as the constructor does */
export function writeIndex(path: string): void {
  writeFileSync(indexOf(path), JSON.stringify({ bytes: statSync(path).size, ranges: [...scan(path)] }));
}

/** Undefined: there is none, or it is another file's. */
function readIndex(path: string): Map<string, Range> | undefined {
  if (!existsSync(indexOf(path))) return undefined;
  const { bytes, ranges } = indexSchema.parse(JSON.parse(readFileSync(indexOf(path), "utf8")));
  return bytes === statSync(path).size ? new Map(ranges) : undefined;
}

/**
 * A large Bundle of definitions on disk, read one entry at a time.
 *
 * The base specification's files weigh 35 MB and take 160 MB of memory once parsed; a service needs a few dozen of
 * their hundreds of entries. The file is scanned once for where each entry starts (HL7 publishes it with a fixed
 * indentation), or was when the image was built (`writeIndex`), and an entry is parsed when it is asked for.
 */
export class DefinitionFile {
  readonly #path: string;
  readonly #ranges: ReadonlyMap<string, Range>;

  /** @throws when the file does not have the published layout, so that a changed package is noticed at start. */
  constructor(path: string) {
    this.#path = path;
    this.#ranges = readIndex(path) ?? scan(path);
  }

  /** Canonical URLs of all entries. */
  urls(): string[] {
    return [...this.#ranges.keys()];
  }

  /** The resource published under this URL, or undefined. */
  read<T extends DefinitionResource>(url: string): T | undefined {
    const range = this.#ranges.get(url);
    if (!range) {
      return undefined;
    }
    const bytes = Buffer.allocUnsafe(range.end - range.start);
    const file = openSync(this.#path, "r");
    try {
      readSync(file, bytes, 0, bytes.length, range.start);
    } finally {
      closeSync(file);
    }
    return (JSON.parse(bytes.toString("utf8")) as { resource: T }).resource;
  }
}
