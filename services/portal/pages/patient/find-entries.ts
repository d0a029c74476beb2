import type { Caller } from "../../clients/caller.ts";
import type { RecordClient } from "../../clients/record.ts";
import { type Entry, type EntryResource, entryOf } from "./entry.ts";

/** What somebody looks for in the documents and results. */
export interface EntrySearch {
  patientId: string;
  kind: Entry["kind"] | "all";
  /** Words in the title, the author or the value. */
  words: string;
  /** Days, both included. */
  from: string | undefined;
  to: string | undefined;
  /** Older than this instant: the next page. */
  before: string | undefined;
  count: number;
}

export interface EntryPage {
  entries: Entry[];
  /** For the next page's `before`; undefined: there is no more. */
  next: string | undefined;
}

const types = { document: "DocumentReference", report: "DiagnosticReport", result: "Observation" } as const;
/** Pages that are looked through for words before the search stops. */
const pagesMax = 5;

/** Documents, reports and results in one order, the newest first. */
export async function findEntries(caller: Caller, record: RecordClient, search: EntrySearch): Promise<EntryPage> {
  let before = search.before;
  const entries: Entry[] = [];
  for (let page = 0; page < pagesMax; page++) {
    const found = await findPage(caller, record, { ...search, before });
    entries.push(...found.entries.filter((entry) => matches(entry, search.words)));
    before = found.next;
    if (before === undefined || entries.length >= search.count) break;
  }
  return { entries, next: before };
}

async function findPage(caller: Caller, record: RecordClient, search: EntrySearch): Promise<EntryPage> {
  const { patientId, kind, from, to, before, count } = search;
  const date = [...(from ? [`ge${from}`] : []), ...(to ? [`le${to}`] : []), ...(before ? [`lt${before}`] : [])];
  const kinds = kind === "all" ? (Object.keys(types) as Entry["kind"][]) : [kind];
  const pages = await Promise.all(
    kinds.map((each) =>
      record.search<EntryResource>(caller, types[each], { patient: patientId, date, _sort: "-date", _count: String(count) }),
    ),
  );
  const found = pages.flatMap((page) => page.found.map((resource) => entryOf(resource, caller.language))).toSorted(newestFirst);
  const full = pages.some(({ next }) => next !== undefined);
  const last = found[count - 1]?.date;
  if (last === undefined || (!full && found.length <= count)) return { entries: found, next: undefined };
  // What has the last one's instant stays on its page: the next begins before it.
  const shown = found.filter((entry, place) => place < count || entry.date === last);
  return { entries: shown, next: last };
}

function newestFirst(left: Entry, right: Entry): number {
  return instantMs(right) - instantMs(left);
}

function instantMs({ date }: Entry): number {
  return date === undefined ? 0 : Date.parse(date);
}

function matches({ title, author, value }: Entry, words: string): boolean {
  const text = plain(`${title} ${author} ${value}`);
  return plain(words)
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Without accents and capitals, as people type in a hurry. */
function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
