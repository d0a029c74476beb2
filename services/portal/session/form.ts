import { decodeUtf8, readBody } from "../../lib/http.ts";
import { fingerprint } from "../../lib/idempotency.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { isFormToken } from "./seal.ts";
import { type Member, StaleForm } from "./visit.ts";

/** What a form brought. */
export interface Form {
  /**
   * An Idempotency-Key for what the form does, made of the page's key and of all that was entered: sent again, whatever happened to the first
   * answer, it does the same thing once; sent again with other entries, it is another thing.
   */
  key: string;
  /** The page's own key, for showing the form again. */
  pageKey: string;
  /** Trimmed; empty where it is missing. */
  text(name: string): string;
  all(name: string): string[];
  /** Undefined: none was chosen. */
  file(name: string): { name: string; contentType: string; bytes: Uint8Array } | undefined;
  /** For drafts and for showing it again: every text but the form's own. */
  fields: Readonly<Record<string, string>>;
}

export const tokenField = "_token";
export const keyField = "_key";

const keyPattern = /^[A-Za-z0-9-]{16,64}$/;

/** @throws StaleForm when it is not from a page of this session; FhirError 413, 415 */
export async function readForm(visit: Member, deps: Deps): Promise<Form> {
  const { call, session } = visit;
  const site = call.req.header("Sec-Fetch-Site");
  if (site !== undefined && site !== "same-origin" && site !== "none") throw new StaleForm();
  const { texts, files } = await parse(visit, deps);
  const text = (name: string): string => (texts.get(name) ?? "").trim();
  const pageKey = text(keyField);
  if (!isFormToken(session.secret, text(tokenField)) || !keyPattern.test(pageKey)) throw new StaleForm();
  const entered = [...texts].filter(([name]) => name !== tokenField).flat();
  const key = fingerprint([...entered, ...[...files].flatMap(([name, { bytes }]) => [name, bytes])]);
  const fields = Object.fromEntries([...texts].filter(([name]) => !name.startsWith("_")).map(([name, value]) => [name, value]));
  return { key, pageKey, text, all: (name) => texts.getAll(name), file: (name) => files.get(name), fields };
}

type File = NonNullable<ReturnType<Form["file"]>>;

async function parse({ call }: Member, deps: Deps): Promise<{ texts: URLSearchParams; files: Map<string, File> }> {
  const type = call.req.header("Content-Type") ?? "";
  const body = await readBody(call, deps);
  if (type.startsWith("application/x-www-form-urlencoded")) return { texts: new URLSearchParams(decodeUtf8(body)), files: new Map() };
  if (!type.startsWith("multipart/form-data")) throw fhirError(415, "not-supported", "A form is sent as multipart/form-data");
  const texts = new URLSearchParams();
  const files = new Map<string, File>();
  const parts = await new Response(body as Uint8Array<ArrayBuffer>, { headers: { "Content-Type": type } }).formData().catch(() => {
    throw fhirError(400, "structure", "The form is damaged");
  });
  for (const [name, value] of parts) {
    if (typeof value === "string") texts.append(name, value);
    else if (value.size > 0) {
      files.set(name, { name: value.name, contentType: value.type, bytes: new Uint8Array(await value.arrayBuffer()) });
    }
  }
  return { texts, files };
}
