/** Documents as files: what a browser may show, and under which name they are saved. */
import type { Call } from "../../lib/http.ts";

/** A text is shown in the page up to this length, in bytes. */
const shownTextMax = 200_000;
/** What browsers show by themselves and what cannot act there. */
export const shownTypes = new Set(["application/pdf", "image/png", "image/jpeg", "image/webp", "image/gif", "text/plain"]);

const extensions: Readonly<Record<string, string>> = {
  ...{ "application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif" },
  ...{ "text/plain": "txt", "text/xml": "xml", "application/xml": "xml", "application/json": "json" },
};

/** The media type without its parameters, in small letters. */
export function bareType(contentType = ""): string {
  return (contentType.split(";")[0] ?? "").trim().toLowerCase();
}

/** Whether a page should have the text of an attachment in it, as far as the attachment tells. */
export function isShownText({ contentType, size }: { contentType?: string; size?: number }): boolean {
  return bareType(contentType) === "text/plain" && (size ?? 0) <= shownTextMax;
}

/** The text that a page shows; undefined where it is too long for that. */
export function shownText(bytes: Uint8Array | undefined): string | undefined {
  return bytes && bytes.length <= shownTextMax ? new TextDecoder().decode(bytes) : undefined;
}

export function fileName(title: string, type: string): string {
  const bare = title
    .replace(/\s*[\p{Cc}"*/:<>?\\|]+\s*/gu, " - ")
    .trim()
    .slice(0, 100);
  const extension = extensions[type];
  return extension === undefined || /\.\w{2,5}$/.test(bare) ? bare || "document" : `${bare || "document"}.${extension}`;
}

/** A document as an answer of its own: shown by the browser where that is safe, else saved to a file. @param type bare */
export function fileResponse(
  { call }: { call: Call },
  { type, body, title }: { type: string; body: Uint8Array | ReadableStream<Uint8Array>; title: string },
): Response {
  const shown = shownTypes.has(type) && call.req.query("download") === undefined;
  return new Response(body as ConstructorParameters<typeof Response>[0], {
    headers: {
      "Content-Type": shown ? (type === "text/plain" ? "text/plain; charset=utf-8" : type) : "application/octet-stream",
      "Content-Disposition": `${shown ? "inline" : "attachment"}; filename*=UTF-8''${encodeURIComponent(fileName(title, type))}`,
      // Chromium's own viewer of PDF does not work in a sandbox.
      "Content-Security-Policy": `default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'${type === "application/pdf" ? "" : "; sandbox"}`,
    },
  });
}
