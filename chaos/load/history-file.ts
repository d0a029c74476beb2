/** Follows the file into which k6 writes a line for each operation. */
import { closeSync, openSync, readSync } from "node:fs";
import { z } from "zod";
import { type Operation, operationSchema } from "../history.ts";

const chunkBytes = 256 * 1024;

const skippedSchema = z.object({ n: z.int(), dueMs: z.number(), skipped: z.literal(true) });
const lineSchema = z.union([skippedSchema, operationSchema]);

/** An operation that was due after the load had been told to stop, and was not begun. */
export type Skipped = z.infer<typeof skippedSchema>;

/** @throws Error for a line that is none of the script's */
export function parseLine(line: string): Operation | Skipped {
  return lineSchema.parse(JSON.parse(line));
}

export interface HistoryFile {
  /** Reads what has come since. A line that is still being written is left for the next time. */
  read(): void;
  close(): void;
}

/** @param onLine called with each whole line */
export function followFile(file: string, onLine: (line: string) => void): HistoryFile {
  const descriptor = openSync(file, "a+");
  const buffer = Buffer.alloc(chunkBytes);
  let position = 0;
  let rest = Buffer.alloc(0);
  return {
    read: () => {
      for (;;) {
        const length = readSync(descriptor, buffer, 0, chunkBytes, position);
        if (length === 0) return;
        position += length;
        const text = Buffer.concat([rest, buffer.subarray(0, length)]);
        const end = text.lastIndexOf(0x0a) + 1;
        rest = Buffer.from(text.subarray(end));
        for (const line of text.toString("utf8", 0, end).split("\n")) if (line !== "") onLine(line);
      }
    },
    close: () => closeSync(descriptor),
  };
}
