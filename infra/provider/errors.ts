import type { PropertyValues } from "./protocol/property-values.ts";
import type { Outputs } from "./resource/bookkeeping.ts";

/** The object exists in the cluster but is not ready: Pulumi keeps its state and tries again at the next update. */
export class InitializationError extends Error {
  readonly id: string;
  readonly outputs: Outputs;
  readonly inputs: PropertyValues;
  readonly reasons: string[];

  constructor(what: string, id: string, outputs: Outputs, inputs: PropertyValues, reasons: string[]) {
    super(`${what} was applied but is not ready: ${reasons.join("; ")}`);
    this.id = id;
    this.outputs = outputs;
    this.inputs = inputs;
    this.reasons = reasons;
  }
}
