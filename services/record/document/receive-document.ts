import { createHash } from "node:crypto";
import { type Context, Deadline } from "../../lib/context.ts";
import { bodyInTime, type Call, holdBytes } from "../../lib/http.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { checkContentType } from "./check-document.ts";
import { addPart, dropDocument, partBytes, type StoredDocument } from "./store.ts";

/** The bytes of a document: at hand where they fit into one part, else kept already. */
export type Received =
  | { bytes: Uint8Array }
  | {
      document: StoredDocument;
      /** SHA-256 of all its bytes, in base64. */
      digest: string;
    };

/**
 * Takes a document as it arrives: never more than two parts of it are in memory, and each is held, and tried again, by itself while there is
 * no primary. Each part has the time of a request; all together have `documentMaxMs`. What no version comes to keep is dropped by the caller,
 * or later by `keepDropping`.
 * @throws FhirError 408, 413, 422, 503
 */
export async function receiveDocument(call: Call, context: Context, deps: Deps): Promise<Received> {
  const maxBytes = deps.documentMaxBytes;
  const tooLong = fhirError(413, "too-long", `A document may have at most ${maxBytes} bytes`);
  if (Number(call.req.header("Content-Length") ?? 0) > maxBytes) throw tooLong;
  const whole = Deadline.after(documentMaxMs);
  const perPart = (): Deadline => Deadline.after(Math.min(deps.settings.deadlineMs, whole.remainingMs()));
  const id = crypto.randomUUID();
  const hash = createHash("sha256");
  let [bytes, number] = [0, 0];
  let last: Uint8Array = new Uint8Array();
  const keep = async (data: Uint8Array): Promise<void> => {
    await deps.database.write({ ...context, deadline: perPart() }, (transaction) => addPart(transaction, id, number, data));
    number++;
    holdBytes(call, deps, -data.length);
  };
  try {
    for await (const part of parts(call, deps, perPart)) {
      bytes += part.length;
      if (bytes > maxBytes) throw tooLong;
      if (number === 0 && last.length === 0) checkContentType(call.req.header("Content-Type") ?? "", part);
      hash.update(part);
      if (last.length > 0) await keep(last);
      last = part;
    }
    if (number === 0) return { bytes: last };
    await keep(last);
    return { document: { id, bytes }, digest: hash.digest("base64") };
  } catch (error) {
    if (number > 0) drop(context, deps, id);
    throw error;
  }
}

/** Of one document, however many parts it has. */
const documentMaxMs = 10 * 60 * 1000;

/** The body in parts of `partBytes`, the last one aside. */
async function* parts(call: Call, deps: Deps, perPart: () => Deadline): AsyncGenerator<Uint8Array> {
  let deadline = perPart();
  let pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of bodyInTime(call, () => deadline)) {
    holdBytes(call, deps, piece.length);
    for (let rest = piece; rest.length > 0; ) {
      const taken = rest.subarray(0, partBytes - length);
      rest = rest.subarray(taken.length);
      pieces.push(taken);
      length += taken.length;
      if (length < partBytes) continue;
      yield Buffer.concat(pieces);
      [pieces, length] = [[], 0];
      deadline = perPart();
    }
  }
  if (length > 0) yield Buffer.concat(pieces);
}

/** Deletes what no version will keep, without anybody waiting for it. */
export function drop(context: Context, deps: Deps, id: string): void {
  const own = { ...context, left: undefined, background: true, deadline: Deadline.after(deps.settings.deadlineMs) };
  deps.database
    .write(own, (transaction) => dropDocument(transaction, id))
    .catch((error: unknown) => deps.log.warn({ requestId: context.requestId, error }, "a document that nobody keeps is deleted later"));
}
