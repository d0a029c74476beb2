/** How fast the machine computes at this moment: what others take of a shared machine shows here, and not in anything that the platform does. */

export interface Pace {
  /** Processor time of the loop: grows when the processor itself is slower. */
  processorMs: number;
  /** From its begin to its end: grows also when others are before it. */
  tookMs: number;
}

const rounds = 20_000_000;
const warmUpRounds = 2_000_000;

/** Integer arithmetic (xorshift) that stays in the registers. */
function spin(count: number): number {
  let value = 1;
  for (let round = 0; round < count; round += 1) {
    value ^= value << 13;
    value ^= value >>> 17;
    value ^= value << 5;
  }
  return value;
}

/** Runs a loop of fixed length, some tens of milliseconds, in which nothing else of this process happens. */
export function measurePace(): Pace {
  spin(warmUpRounds);
  const before = process.threadCpuUsage();
  const beganMs = performance.now();
  spin(rounds);
  const tookMs = performance.now() - beganMs;
  const { user, system } = process.threadCpuUsage(before);
  return { processorMs: (user + system) / 1_000, tookMs };
}
