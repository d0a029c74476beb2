import type { Context } from "../../lib/context.ts";
import { type Account, patientsOf } from "../account/store.ts";
import type { Deps } from "../deps.ts";
import type { Delegation } from "./find-delegations.ts";

/** The records of others that a patient's account opens: as a guardian, and as somebody whom their patients trust. */
export async function othersRecords(context: Context, deps: Deps, account: Account): Promise<Delegation[]> {
  if (account.role !== "patient") return [];
  if (account.patientId === undefined) return account.guardianOf;
  const delegations = (await deps.findDelegations(context, `Patient/${account.patientId}`)) ?? [];
  const own = patientsOf(account);
  return [...account.guardianOf, ...delegations.filter(({ patientId }) => !own.includes(patientId))];
}

/** Whether the account opens a record, its own or another's. */
export async function opens(context: Context, deps: Deps, account: Account, patientId: string): Promise<boolean> {
  if (patientsOf(account).includes(patientId)) return true;
  return (await othersRecords(context, deps, account)).some((each) => each.patientId === patientId);
}

/** Whether the account still opens a record that it opened before; where the record does not say, it decides at each access anyway. */
export async function stillOpens(context: Context, deps: Deps, account: Account, patientId: string): Promise<boolean> {
  if (patientsOf(account).includes(patientId)) return true;
  if (account.patientId === undefined) return false;
  const delegations = await deps.findDelegations(context, `Patient/${account.patientId}`);
  return delegations === undefined || delegations.some((each) => each.patientId === patientId);
}
