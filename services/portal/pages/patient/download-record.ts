import type { DocumentReference, Resource } from "@medplum/fhirtypes";
import { Deadline } from "../../../lib/context.ts";
import type { Caller } from "../../clients/caller.ts";
import type { RecordClient } from "../../clients/record.ts";
import type { Deps } from "../../deps.ts";
import { fileName } from "../../layout/file.ts";
import { type ZipEntry, zip } from "../../layout/zip.ts";
import type { PatientVisit } from "../../session/visit.ts";
import { entryOf } from "./entry.ts";

/** How long one part of a download may take; the whole is as long as its parts together. */
const partMs = 20_000;

/** Everything as one ZIP file: the resources page by page as they come from the record, and each document as a file. */
export async function downloadRecord(visit: PatientVisit, { record }: Deps): Promise<Response> {
  const { caller, patientId } = visit;
  // The first page is asked for before the answer begins, so that what cannot be had is said by an error page.
  const first = await record.everything(caller, patientId);
  const now = new Date();
  const pieces = zip(entries(caller, record, patientId, first), now);
  const body = ReadableStream.from(pieces) as unknown as ReadableStream<Uint8Array>;
  const name = `health-record-${now.toISOString().slice(0, 10)}.zip`;
  return new Response(body, { headers: { "Content-Type": "application/zip", "Content-Disposition": `attachment; filename="${name}"` } });
}

type Page = Awaited<ReturnType<RecordClient["everything"]>>;

async function* entries(caller: Caller, record: RecordClient, patientId: string, first: Page): AsyncGenerator<ZipEntry> {
  const names = new Set<string>();
  for (let [page, number] = [first, 1]; ; number++) {
    const bundle = { resourceType: "Bundle", type: "collection", entry: page.found.map((resource) => ({ resource })) };
    yield { name: `record-${String(number).padStart(3, "0")}.json`, bytes: Buffer.from(JSON.stringify(bundle, undefined, 1)) };
    for (const resource of page.found) yield* documentFiles(caller, record, resource, names);
    if (page.next === undefined) return;
    page = await record.everything(withTime(caller), patientId, page.next);
  }
}

/** A document's contents under a name that people recognise. */
async function* documentFiles(caller: Caller, record: RecordClient, resource: Resource, names: Set<string>): AsyncGenerator<ZipEntry> {
  if (resource.resourceType !== "DocumentReference") return;
  const { title, date = "" } = entryOf(resource, caller.language);
  for (const { attachment } of (resource satisfies DocumentReference).content ?? []) {
    const content = await record.attachment(withTime(caller), attachment);
    const name = fileName(`${date.slice(0, 10)} ${title}`, attachment.contentType ?? "");
    if (content) yield { name: `documents/${unique(names, name)}`, bytes: content.bytes };
  }
}

function withTime(caller: Caller): Caller {
  return { ...caller, context: { ...caller.context, deadline: Deadline.after(partMs) } };
}

function unique(names: Set<string>, name: string): string {
  let candidate = name;
  for (let number = 2; names.has(candidate); number++) candidate = name.replace(/(\.\w+)?$/, ` (${number})$1`);
  names.add(candidate);
  return candidate;
}
