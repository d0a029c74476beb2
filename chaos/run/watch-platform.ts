/** Samples the platform's status while a drill runs: who holds what, and whether it is whole. */
import { setTimeout as delay } from "node:timers/promises";
import type { Sighting } from "../check.ts";
import type { Journal } from "../journal.ts";
import type { Target } from "../target.ts";
import { parseStatus, type StatusReading, sightingsOf } from "./platform-status.ts";

export interface Reading {
  beganMs: number;
  endedMs: number;
  status: StatusReading;
}

export interface PlatformWatch {
  /** The last reading; undefined before the first. */
  latest(): Reading | undefined;
  readonly sightings: readonly Sighting[];
  /** For so long nothing is read but what is asked for. Each call replaces the one before. */
  holdBack(forMs: number): void;
  /** Reads now. @returns undefined when it could not be read */
  read(): Promise<Reading | undefined>;
  /** Waits for a reading under way. */
  stop(): Promise<void>;
}

/** A reading takes processor time that the drilled platform needs: between two of them there is a rest. */
const restMs = 500;

/** Reads the status once. @throws Error when it cannot be read at all */
export async function readStatusOnce(target: Target): Promise<Reading> {
  const beganMs = Date.now();
  const status = parseStatus(await target.readStatus());
  return { beganMs, endedMs: Date.now(), status };
}

/**
 * Reads every `intervalMs` (from the beginning of one reading to that of the next), and when it is asked to, until it is stopped. What could
 * not be read is a line in the journal: a platform in trouble must not end the drill.
 */
export function watchPlatform(target: Target, journal: Journal, intervalMs: number): PlatformWatch {
  const stopping = new AbortController();
  let asked: ((reading: Reading | undefined) => void)[] = [];
  let wake = () => {};
  const sightings: Sighting[] = [];
  let latest: Reading | undefined;
  let quietUntilMs = 0;
  const sample = async (): Promise<Reading> => {
    const processorBefore = process.cpuUsage();
    const reading = await readStatusOnce(target);
    const used = process.cpuUsage(processorBefore);
    const { healthy, unknown, reasons } = reading.status;
    const costs = { tookMs: reading.endedMs - reading.beganMs, processorMs: Math.round((used.user + used.system) / 1_000) };
    journal.write({ entry: "status", healthy, unknown, reasons, ...costs }, reading.endedMs);
    for (const { atMs, ...sighting } of sightingsOf(reading.status, reading.endedMs)) {
      sightings.push({ atMs, ...sighting });
      journal.write({ entry: "sighting", ...sighting }, atMs);
    }
    latest = reading;
    return reading;
  };
  const rest = async (ms: number): Promise<void> => {
    const told = new Promise<void>((resolve) => {
      wake = resolve;
    });
    if (asked.length === 0) await Promise.race([delay(ms, undefined, { signal: stopping.signal }).catch(() => undefined), told]);
  };
  const loop = async () => {
    // The first reading is whoever's asks first.
    for (let leftMs = intervalMs; ; ) {
      await rest(Math.min(leftMs, intervalMs));
      leftMs = quietUntilMs - performance.now();
      if (leftMs > 0 && asked.length === 0 && !stopping.signal.aborted) continue;
      const waiting = asked;
      asked = [];
      if (stopping.signal.aborted) {
        for (const tell of waiting) tell(undefined);
        return;
      }
      const beganMs = performance.now();
      const reading = await sample().catch((failure: Error) => {
        journal.write({ entry: "log", text: `the status could not be read: ${failure.message}` });
        return undefined;
      });
      for (const tell of waiting) tell(reading);
      leftMs = Math.max(Math.min(restMs, intervalMs), intervalMs - (performance.now() - beganMs));
    }
  };
  const ended = loop();
  return {
    latest: () => latest,
    sightings,
    holdBack: (forMs) => {
      quietUntilMs = performance.now() + forMs;
      wake();
    },
    read: () =>
      new Promise((resolve) => {
        if (stopping.signal.aborted) return resolve(undefined);
        asked.push(resolve);
        wake();
      }),
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}
