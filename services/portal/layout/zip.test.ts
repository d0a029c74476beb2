import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { zip } from "./zip.ts";

it("makes archives that another program reads", async () => {
  const folder = mkdtempSync(join(tmpdir(), "dsp-zip-"));
  try {
    async function* entries() {
      yield { name: "record.json", bytes: Buffer.from("{}") };
      yield { name: "documents/Prüfung é.txt", bytes: Buffer.from("Zeile\n".repeat(5000)) };
      yield { name: "empty", bytes: Buffer.alloc(0) };
    }
    const pieces: Uint8Array[] = [];
    for await (const piece of zip(entries(), new Date("2026-11-27T12:34:56Z"))) pieces.push(piece);
    writeFileSync(join(folder, "a.zip"), Buffer.concat(pieces));
    const script = `import zipfile,sys
z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None
open(sys.argv[2],'w').write('|'.join(f'{i.filename}:{i.file_size}:{i.date_time[0]}-{i.date_time[1]}' for i in z.infolist()))`;
    execFileSync("python3", ["-c", script, join(folder, "a.zip"), join(folder, "out")], { env: { ...process.env, PYTHONUTF8: "1" } });
    expect(readFileSync(join(folder, "out"), "utf8")).toBe("record.json:2:2026-11|documents/Prüfung é.txt:30000:2026-11|empty:0:2026-11");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
