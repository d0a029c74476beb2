import type { Fault } from "../fault.ts";
import { containerFreeze } from "./container-freeze.ts";

/** The PostgreSQL primary and its manager stand still: the worst kind of silence, since its connections stay open. */
export function primaryFreeze(): Fault {
  return { ...containerFreeze("postgres-primary"), name: "primary-freeze", title: "The PostgreSQL primary is frozen" };
}
