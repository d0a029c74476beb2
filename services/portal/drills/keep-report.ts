import type { Context } from "../../lib/context.ts";
import type { Deps } from "../deps.ts";
import { parseReport, reportId } from "./parse-report.ts";
import { keepReport } from "./store.ts";

/** Keeps a report of drills; sent again, it is there once. @throws FhirError 400 */
export async function receiveReport(context: Context, { database, audit }: Deps, text: string): Promise<{ id: string; isNew: boolean }> {
  const report = parseReport(text);
  const id = reportId(report);
  const isNew = await database.write(context, async (transaction) => {
    const added = await keepReport(transaction, { id, report, sentBy: context.principal.subject });
    audit.record(context, transaction, [{ interaction: "create", outcome: "0", resourceType: "DrillReport", resourceId: id }]);
    return added;
  });
  return { id, isNew };
}
