import type { Target } from "./target.ts";

export interface FaultContext {
  target: Target;
  /** After so long the node or the engine heals the fault by itself, whatever became of the runner. */
  limitS: number;
  signal: AbortSignal;
  /** A line for the journal. */
  log(text: string): void;
}

/** A fault that has chosen what to hit. Each of its verbs may be called again and then does what is left to do. */
export interface AimedFault {
  /** What is hit, in words: `node dsp-worker (site-a), which runs the PostgreSQL primary` */
  readonly what: string;
  /** The inventory's names of what is hit: `node/dsp-worker`, `pod/dsp/pg-1` */
  readonly elements: readonly string[];
  /** Pods that cannot serve while the fault lasts, `namespace/name`; those of hit nodes need no mention. */
  readonly pods?: readonly string[];
  inject(): Promise<void>;
  /** @returns what shows that the fault is real: `HTTP 6443 of 172.28.0.2 does not answer`; undefined while nothing shows it */
  happened(): Promise<string | undefined>;
  heal(): Promise<void>;
  /** @returns what is still broken by the fault itself, in words; empty when nothing is. Not the platform's health: that is the runner's question. */
  remains(): Promise<string[]>;
}

/** One way to break something: `faults/node-kill.ts` and its like make them. */
export interface Fault {
  /** `node-kill` */
  readonly name: string;
  readonly title: string;
  /** Chooses what to hit on the platform as it stands. @throws FaultNotPossible */
  aim(context: FaultContext): Promise<AimedFault>;
}

/** This machine, kernel or platform cannot make the fault: the drill is reported as not run, never as passed. */
export class FaultNotPossible extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FaultNotPossible";
  }
}
