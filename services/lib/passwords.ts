import { existsSync, readFileSync } from "node:fs";

/** The passwords in files, one a line, in order. A file that is not there has none. */
export function passwordsIn(files: readonly string[]): string[] {
  const texts = files.map((file) => (existsSync(file) ? readFileSync(file, "utf8") : ""));
  return texts.flatMap((text) => text.split("\n")).filter((line) => line !== "");
}
