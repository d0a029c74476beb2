import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

export interface Asset {
  /** With a digest of the content, so that it can be kept for ever: `/portal/assets/portal-3f2a….css`. */
  path: string;
  contentType: string;
  bytes: Uint8Array<ArrayBuffer>;
  compressed: Uint8Array<ArrayBuffer>;
}

/** The files that pages refer to; read at start. */
export interface Assets {
  style: Asset;
  script: Asset;
  icon: Asset;
  /** No page refers to it: the script has the browser keep it, and look for a newer one under the same name. */
  worker: Asset;
  byName: ReadonlyMap<string, Asset>;
}

const folder = join(import.meta.dirname, "../assets");

export function loadAssets(): Assets {
  const style = load("portal.css", "text/css; charset=utf-8");
  const script = load("portal.js", "text/javascript; charset=utf-8");
  const icon = load("icon.svg", "image/svg+xml");
  const worker = load("worker.js", "text/javascript; charset=utf-8");
  return { style, script, icon, worker, byName: new Map([style, script, icon].map((asset) => [asset.path.replace(/^.*\//, ""), asset])) };
}

function load(name: string, contentType: string): Asset {
  const bytes = new Uint8Array(readFileSync(join(folder, name)));
  const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  return {
    path: `/portal/assets/${name.replace(/\.(\w+)$/, `-${digest}.$1`)}`,
    contentType,
    bytes,
    compressed: new Uint8Array(gzipSync(bytes)),
  };
}
