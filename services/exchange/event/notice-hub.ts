import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { backgroundContext } from "../../lib/context.ts";
import type { Database } from "../../lib/database/database.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import { endOfNotices, type Listener, listNotices, listNoticesOf, type Notice, type Place } from "./store.ts";

export interface HubOptions {
  database: Database;
  log: Logger;
  /** Streams of this pod, and of one account on it. */
  streamsMax: number;
  streamsPerAccountMax: number;
  lookEveryMs?: number;
  heartbeatMs?: number;
  /** After so long a client must show its token again. */
  lifeMs?: number;
}

const pageSize = 200;
/** Bytes that a client may be behind before it is dropped; it resumes from the database. */
const behindMaxBytes = 64 * 1024;
const retryMs = 500;

interface Stream {
  listener: Listener;
  /** Up to where it has been told. */
  position: Place | undefined;
  /** Whether it is told from the hub's pages, no longer from the database by itself. */
  live: boolean;
  endsAtMs: number;
  lastSentMs: number;
  send(text: string): void;
  close(): void;
}

function isBehind(left: Place, right: Place): boolean {
  const [a, b] = [BigInt(left.xid), BigInt(right.xid)];
  return a === b ? BigInt(left.sequence) < BigInt(right.sequence) : a < b;
}

const idOf = ({ xid, sequence }: Place): string => `${xid}-${sequence}`;

/** The place that a Last-Event-ID names; undefined for none of ours. */
export function placeOf(id: string | undefined): Place | undefined {
  const [, xid, sequence] = /^(\d{1,19})-(\d{1,19})$/.exec(id ?? "") ?? [];
  return xid !== undefined && sequence !== undefined && BigInt(sequence) <= 9223372036854775807n ? { xid, sequence } : undefined;
}

/**
 * Live notices over server-sent events. All streams of a pod share one look into the table each second, and there is none while nobody
 * listens. What a client has missed it is told from the table, wherever it was connected before.
 */
export class NoticeHub {
  readonly #options: Required<HubOptions>;
  readonly #streams = new Set<Stream>();
  #cursor: Place | undefined;
  #running = false;

  constructor(options: HubOptions) {
    this.#options = { lookEveryMs: 1000, heartbeatMs: 10_000, lifeMs: 15 * 60_000, ...options };
  }

  get size(): number {
    return this.#streams.size;
  }

  /** A stream of notices. @throws FhirError 429, 503 where there are too many */
  open(listener: Listener, after: Place | undefined, left: AbortSignal): ReadableStream<Uint8Array> {
    const own = [...this.#streams].filter((each) => each.listener.account === listener.account).length;
    if (own >= this.#options.streamsPerAccountMax) {
      throw fhirError(429, "throttled", "Too many open streams of this account", { headers: { "Retry-After": "5" } });
    }
    if (this.#streams.size >= this.#options.streamsMax) {
      throw fhirError(503, "transient", "Too many open streams here, try again", { headers: { "Retry-After": "1" } });
    }
    const encoder = new TextEncoder();
    let stream: Stream | undefined;
    const drop = (): void => {
      if (stream) this.#streams.delete(stream);
    };
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          const close = (): void => {
            drop();
            try {
              controller.close();
            } catch {
              // The client has left already.
            }
          };
          const send = (text: string): void => {
            if ((controller.desiredSize ?? 0) < -behindMaxBytes) {
              close();
              return;
            }
            try {
              controller.enqueue(encoder.encode(text));
            } catch {
              drop();
            }
          };
          const now = performance.now();
          stream = { listener, position: after, live: false, endsAtMs: now + this.#options.lifeMs, lastSentMs: now, send, close };
          this.#streams.add(stream);
          left.addEventListener("abort", close, { once: true });
          send(`retry: ${retryMs}\n: connected\n\n`);
          void this.#run();
        },
        cancel: drop,
      },
      { highWaterMark: behindMaxBytes, size: (chunk) => chunk.length },
    );
  }

  /** Ends all streams, so that their clients connect elsewhere. */
  drain(): void {
    for (const stream of [...this.#streams]) {
      stream.send("event: reconnect\ndata: {}\n\n");
      stream.close();
    }
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#streams.size > 0) {
        await this.#look().catch((error: unknown) => this.#options.log.warn({ error }, "notices not read, trying again"));
        this.#beat();
        await sleep(this.#options.lookEveryMs);
      }
    } finally {
      this.#running = false;
      this.#cursor = undefined;
    }
    // One that came in the last moment.
    if (this.#streams.size > 0) void this.#run();
  }

  async #look(): Promise<void> {
    const { database, log } = this.#options;
    const context = backgroundContext(log, "notices", 10_000);
    const joining = [...this.#streams].filter(({ live }) => !live);
    const cursor = this.#cursor;
    const read = await database.read(
      context,
      () => false,
      async (transaction) => {
        const end = cursor ?? (await endOfNotices(transaction));
        const caughtUp: { stream: Stream; notices: Notice[] }[] = [];
        for (const stream of joining) {
          const { position, listener } = stream;
          caughtUp.push({ stream, notices: position ? await listNoticesOf(transaction, listener.actors, position, pageSize) : [] });
        }
        return { end, caughtUp, page: cursor ? await listNotices(transaction, cursor, pageSize) : [] };
      },
    );
    for (const { stream, notices } of read.caughtUp) {
      if (!stream.position) {
        stream.position = read.end;
        stream.send(`id: ${idOf(read.end)}\nevent: ready\ndata: {}\n\n`);
      }
      this.#tell(stream, notices);
      stream.live = notices.length < pageSize;
    }
    for (const stream of this.#streams) {
      if (!stream.live) continue;
      const { actors } = stream.listener;
      this.#tell(
        stream,
        read.page.filter((notice) => actors.includes(notice.actor) && stream.position && isBehind(stream.position, notice)),
      );
    }
    this.#cursor = read.page.at(-1) ?? read.end;
  }

  #tell(stream: Stream, notices: readonly Notice[]): void {
    let last = "";
    for (const notice of notices) {
      const { kind, about, created } = notice;
      stream.position = { xid: notice.xid, sequence: notice.sequence };
      // One that reaches somebody under two names is told once.
      const same = `${notice.xid} ${kind} ${about}`;
      if (same === last) continue;
      last = same;
      stream.send(`id: ${idOf(notice)}\nevent: ${kind}\ndata: ${JSON.stringify({ kind, about, at: created.toISOString() })}\n\n`);
      stream.lastSentMs = performance.now();
    }
  }

  #beat(): void {
    const now = performance.now();
    for (const stream of [...this.#streams]) {
      if (now >= stream.endsAtMs) {
        stream.send("event: reconnect\ndata: {}\n\n");
        stream.close();
      } else if (now - stream.lastSentMs >= this.#options.heartbeatMs) {
        stream.send(": heartbeat\n\n");
        stream.lastSentMs = now;
      }
    }
  }
}
