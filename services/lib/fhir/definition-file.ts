import { closeSync, openSync, readFileSync, readSync } from "node:fs";

/** A FHIR resource of the specification's own: only what is common to all is typed. */
export interface DefinitionResource {
  resourceType: string;
  id?: string;
  url?: string;
}

const entryStart = '{\n    "fullUrl" : "';

/**
 * A large Bundle of definitions on disk, read one entry at a time.
 *
 * The base specification's files weigh 35 MB and take 160 MB of memory once parsed; a service needs a few dozen of
 * their hundreds of entries. The file is scanned once for where each entry starts (HL7 publishes it with a fixed
 * indentation), and an entry is parsed when it is asked for.
 */
export class DefinitionFile {
  readonly #path: string;
  readonly #ranges = new Map<string, { start: number; end: number }>();

  /** @throws when the file does not have the published layout, so that a changed package is noticed at start. */
  constructor(path: string) {
    this.#path = path;
    const text = readFileSync(path);
    let start = text.indexOf(entryStart);
    while (start >= 0) {
      const next = text.indexOf(entryStart, start + entryStart.length);
      const end = text.lastIndexOf("}", next < 0 ? text.lastIndexOf("]") : next) + 1;
      const urlStart = start + entryStart.length;
      this.#ranges.set(text.toString("utf8", urlStart, text.indexOf('"', urlStart)), { start, end });
      start = next;
    }
    if (this.#ranges.size === 0) {
      throw new Error(`${path} is not a Bundle in the published layout`);
    }
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
