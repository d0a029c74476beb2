import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bundleServers } from "./bundle-servers.ts";

let app: string;

beforeEach(async () => {
  app = await mkdtemp(join(tmpdir(), "dsp-bundle-"));
});

afterEach(() => rm(app, { recursive: true, force: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(app, path)), { recursive: true });
  await writeFile(join(app, path), text);
}

const run = async (name: string): Promise<unknown> =>
  JSON.parse((await promisify(execFile)(process.execPath, [join(app, `services/${name}/server.js`)])).stdout);

describe("the servers' bundles", () => {
  it("need nothing beside them, keep their modules' folders and class names, and start only what was started", async () => {
    await write("node_modules/counted/package.json", JSON.stringify({ name: "counted", main: "index.js" }));
    await write("node_modules/counted/index.js", `module.exports = require("node:path").basename("/a/counted");`);
    await write("services/lib/where.ts", `export const where: string = import.meta.dirname;\nif (import.meta.main) console.log("lib");`);
    await write("services/lib/thing.ts", "export class Thing {}");
    await write(
      "services/one/server.ts",
      `import counted from "counted";
import { where } from "../lib/where.ts";
import { Thing as Other } from "../lib/thing.ts";
class Thing {}
if (import.meta.main) console.log(JSON.stringify([counted, where, import.meta.dirname, new Thing().constructor.name, Other.name]));`,
    );
    await write("services/two/server.ts", "console.log(2);");
    await bundleServers(app, "/home");
    await Promise.all(["node_modules", "services/lib"].map((path) => rm(join(app, path), { recursive: true })));
    expect(await run("one")).toEqual(["counted", "/home/services/lib", "/home/services/one", "Thing", "Thing"]);
    expect(await run("two")).toBe(2);
  });

  it("that cannot be made are an error that names what is missing", async () => {
    await write("services/one/server.ts", `import "./elsewhere.ts";`);
    await expect(bundleServers(app, "/home")).rejects.toThrow(/elsewhere\.ts/);
  });
});
