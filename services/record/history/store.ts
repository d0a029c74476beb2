import type { Transaction } from "../../lib/database/database.ts";
import { type DateRange, dateRange } from "../../lib/fhir/date-range.ts";
import { idPattern } from "../../lib/fhir/validate.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import {
  boundedPage,
  columns,
  conditions,
  currentAtSql,
  type Sight,
  type SqlText,
  Values,
  versionSeenSql,
} from "../resource/search-sql.ts";
import { type StoredVersion, toVersion, type VersionRow } from "../resource/store.ts";

/** A type whose versions are wanted, and what of it the caller sees. */
export interface HistoryPart {
  type: string;
  sight: Sight;
}

export interface ChangesRequest {
  count: number;
  /** Not before this instant. */
  since?: string;
  /** Current at some time within. */
  at?: DateRange;
  cursor?: ChangesCursor;
  total: boolean;
}

/** Where a page ends: its last version. */
export interface ChangesCursor {
  /** To the microsecond. */
  instant: string;
  type: string;
  id: string;
  version: number;
}

export interface ChangesPage {
  versions: StoredVersion[];
  total?: number;
  nextCursor?: string;
}

/** One page of the versions of some types, newest first, of those that the caller sees. Newer ones do not move the pages behind. */
export async function listVersionsOf(
  transaction: Transaction,
  parts: readonly HistoryPart[],
  request: ChangesRequest,
): Promise<ChangesPage> {
  const { text, values } = pageStatement(parts, request);
  const rows = await transaction.query<VersionRow & { instant: string; available: string }>({ text }, values);
  const shown = rows.slice(0, request.count);
  const page: ChangesPage = { versions: shown.map(toVersion) };
  const last = shown.at(-1);
  if (last && Number(last.available) > shown.length) page.nextCursor = encodeCursor(last);
  if (request.total) {
    const count = totalStatement(parts, request);
    const [row] = await transaction.query<{ total: string }>({ text: count.text }, count.values);
    page.total = Number(row?.total ?? 0);
  }
  return page;
}

const newestFirst = (row: string): string => `${row}.last_updated DESC, ${row}.type DESC, ${row}.id DESC, ${row}.version DESC`;

/** Each type's newest by its index, the newest of all of them, and only of these the content; one row longer than asked for. */
function pageStatement(parts: readonly HistoryPart[], request: ChangesRequest): SqlText {
  const values = new Values();
  const limit = values.add(request.count + 1);
  const each = parts.map(
    (part) => `(SELECT v.type, v.id, v.version, v.last_updated ${versionsOf(values, part, request, request.cursor)}
      ORDER BY ${newestFirst("v")} LIMIT ${limit})`,
  );
  const newest = `SELECT * FROM (${each.join(" UNION ALL ")}) u ORDER BY ${newestFirst("u")} LIMIT ${limit}`;
  const rows = `SELECT ${columns}, to_char(v.last_updated AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS instant,
        row_number() OVER (ORDER BY ${newestFirst("v")}) AS place
      FROM (${newest}) k JOIN resource_version v USING (type, id, version)`;
  return { text: boundedPage(rows), values: values.list };
}

function totalStatement(parts: readonly HistoryPart[], request: ChangesRequest): SqlText {
  const values = new Values();
  const each = parts.map((part) => `SELECT count(*) AS versions ${versionsOf(values, part, request)}`);
  return { text: `SELECT sum(versions) AS total FROM (${each.join(" UNION ALL ")}) t`, values: values.list };
}

/**
 * The versions that a caller sees: of resources that they see now, and of these only those that were part of records they see, too. As everywhere, what
 * is out of reach is never read.
 */
function versionsOf(values: Values, { type, sight }: HistoryPart, { since, at }: ChangesRequest, cursor?: ChangesCursor): string {
  const looked = { values, sight, type, alias: "r", deletedToo: true };
  const where = [`v.type = ${values.add(type)}`, ...conditions(looked, []), ...versionSeenSql(looked)];
  if (since !== undefined) {
    where.push(`v.last_updated >= ${values.add(since)}::timestamptz`);
  }
  if (at) where.push(currentAtSql(values, at));
  if (cursor) {
    const instant = `${values.add(cursor.instant)}::timestamptz`;
    const last = `(${instant}, ${values.add(cursor.type)}, ${values.add(cursor.id)}, ${values.add(cursor.version)}::integer)`;
    // The first of the two is what the index takes.
    where.push(`v.last_updated <= ${instant} AND (v.last_updated, v.type, v.id, v.version) < ${last}`);
  }
  return `FROM resource_version v JOIN resource r ON r.type = v.type AND r.id = v.id WHERE ${where.join(" AND ")}`;
}

export function encodeCursor({ instant, type, id, version }: ChangesCursor): string {
  return Buffer.from(JSON.stringify([instant, type, id, version])).toString("base64url");
}

/** @throws FhirError 400 */
export function decodeCursor(text: string): ChangesCursor {
  try {
    const [instant, type, id, version] = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as unknown[];
    const isInstant = typeof instant === "string" && instant.endsWith("Z") && dateRange(instant) !== undefined;
    const isVersion = typeof version === "number" && Number.isInteger(version) && version > 0 && version < 2 ** 31;
    if (
      isInstant &&
      isVersion &&
      typeof type === "string" &&
      /^[A-Z][A-Za-z]+$/.test(type) &&
      typeof id === "string" &&
      idPattern.test(id)
    ) {
      return { instant, type, id, version };
    }
  } catch {
    // Falls through to the refusal: a cursor is the server's own, or it is wrong.
  }
  throw fhirError(400, "value", "The _cursor is not one of this server's", { expression: "_cursor" });
}
