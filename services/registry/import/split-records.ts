import { fhirError } from "../../lib/operation-outcome.ts";

/** Longer than any honest line. */
const recordMaxBytes = 64 * 1024;
const newline = 0x0a;
const quote = 0x22;

/**
 * The records of a stream of bytes: lines, or of CSV (RFC 4180) rows, in which a quoted line break is part of a value. Empty ones are left out.
 * @throws FhirError 400, 413
 */
export async function* splitRecords(
  chunks: AsyncIterable<Uint8Array>,
  options: { csv: boolean; maxBytes: number },
): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest: Buffer = Buffer.alloc(0);
  let total = 0;
  const decoded = (bytes: Uint8Array): string => {
    if (bytes.includes(0)) throw fhirError(400, "structure", "The file holds a NUL character");
    try {
      return decoder
        .decode(bytes)
        .replace(/^\ufeff/, "")
        .replace(/\r$/, "");
    } catch {
      throw fhirError(400, "structure", "The file is not UTF-8");
    }
  };
  for await (const chunk of chunks) {
    total += chunk.length;
    if (total > options.maxBytes)
      throw fhirError(413, "too-long", `An import may have at most ${options.maxBytes} bytes; send it in parts`);
    const buffer = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    let start = 0;
    for (const end of recordEnds(buffer, options.csv)) {
      const text = decoded(buffer.subarray(start, end));
      if (text.trim() !== "") yield text;
      start = end + 1;
    }
    rest = buffer.subarray(start);
    if (rest.length > recordMaxBytes) throw fhirError(400, "too-long", `A line has more than ${recordMaxBytes} bytes`);
  }
  const text = decoded(rest);
  if (text.trim() !== "") yield text;
}

/** Where records end. A buffer begins with a record, so quotes are counted from its start. */
function* recordEnds(buffer: Buffer, csv: boolean): Generator<number> {
  let quoted = false;
  for (let place = 0; place < buffer.length; place++) {
    if (csv && buffer[place] === quote) quoted = !quoted;
    else if (buffer[place] === newline && !quoted) yield place;
  }
}

/** The values of a CSV row (RFC 4180). @throws FhirError 400 for a quote that is not closed */
export function parseRow(row: string, separator: "," | ";"): string[] {
  const values: string[] = [];
  let value = "";
  let quoted = false;
  for (let place = 0; place < row.length; place++) {
    const character = row[place];
    if (quoted) {
      if (character !== '"') value += character;
      else if (row[place + 1] === '"') {
        value += '"';
        place++;
      } else quoted = false;
    } else if (character === '"' && value.trim() === "") {
      quoted = true;
      value = "";
    } else if (character === separator) {
      values.push(value.trim());
      value = "";
    } else value += character;
  }
  if (quoted) throw fhirError(400, "structure", "A quotation mark is not closed");
  return [...values, value.trim()];
}

/** Spreadsheets of the region separate by semicolons. */
export function separatorOf(header: string): "," | ";" {
  return header.split(";").length > header.split(",").length ? ";" : ",";
}
