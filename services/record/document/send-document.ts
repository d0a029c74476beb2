import { type Context, Deadline } from "../../lib/context.ts";
import type { Deps } from "../deps.ts";
import { partBytes, readPart } from "./store.ts";

/** A document on its way out: how long it is, and its parts one after the other, each read when it is wanted. */
export interface OutgoingDocument {
  bytes: number;
  parts(): AsyncGenerator<Buffer>;
}

/**
 * Opens a document whose version the caller has been found to see. Each part has the time of a request and is asked of whoever has it, so that
 * a download goes on through a failover. @throws FhirError 503
 */
export async function openDocument(context: Context, deps: Deps, id: string): Promise<OutgoingDocument> {
  const first = await readAnywhere(context, deps, id, 0);
  const count = Math.max(1, Math.ceil(first.bytes / partBytes));
  return {
    bytes: first.bytes,
    async *parts() {
      yield first.data;
      for (let number = 1; number < count; number++) yield (await readAnywhere(context, deps, id, number)).data;
    },
  };
}

/** What never changes is as good from a standby, once it is there. */
async function readAnywhere(context: Context, deps: Deps, id: string, number: number): Promise<{ data: Buffer; bytes: number }> {
  const ask = (standbyAllowed: boolean) => {
    const own = { ...context, deadline: Deadline.after(deps.settings.deadlineMs) };
    return deps.database.read(
      own,
      () => standbyAllowed,
      (transaction) => readPart(transaction, id, number),
    );
  };
  const part = (await ask(true)) ?? (await ask(false));
  if (!part) throw new Error(`part ${number} of a document is not there`);
  return part;
}

/** Pulled part by part: what the client does not take yet is not read yet. */
export function streamOf(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

/** A Binary's JSON with its bytes in base64, and how long that is. @param content the JSON without them */
export function withData(content: string, { bytes, parts }: OutgoingDocument): { length: number; pieces: AsyncGenerator<Uint8Array> } {
  const head = Buffer.from(`${content.slice(0, -1)},"data":"`);
  const tail = Buffer.from('"}');
  return {
    length: head.length + Math.ceil(bytes / 3) * 4 + tail.length,
    pieces: (async function* () {
      yield head;
      for await (const part of parts()) yield Buffer.from(part.toString("base64"));
      yield tail;
    })(),
  };
}
