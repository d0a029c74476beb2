/** `./dsp sbom`: everything that others made and that is in the platform or its tools, as CycloneDX. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { goModules } from "../lab/catalogue.ts";
import { toolEnvironment } from "../lab/environment.ts";
import { platformTags } from "../lab/images.ts";
import { paths } from "../lab/paths.ts";
import { CommandError, runCommand } from "./child-process.ts";
import { type Command, exitCodes } from "./command.ts";
import { StepError } from "./recipe.ts";

/** https://cyclonedx.org/docs/1.5/json, as far as it is used here. */
interface Component {
  type: "library" | "application";
  name: string;
  version: string;
  purl: string;
  "bom-ref": string;
  properties?: { name: string; value: string }[];
}

interface Bom {
  bomFormat: "CycloneDX";
  components: Component[];
}

function component(purl: string, { name, version }: { name: string; version: string }, where: string): Component {
  return { type: "library", name, version, purl, "bom-ref": `${purl}#${where}`, properties: [{ name: "dsp:in", value: where }] };
}

/** The modules that a Go program is made of: since Go 1.17 its go.mod names all of them, those of its dependencies too. */
export function goComponents(goMod: string, where: string): Component[] {
  const replaced = new Map(
    [...goMod.matchAll(/^(?:replace)?\s+(\S+)(?: v\S+)? => (\S+) (v\S+)/gm)].map(([, from = "", name = "", version = ""]) => [
      from,
      { name, version },
    ]),
  );
  return [...goMod.matchAll(/^(?:require)?\s+(\S+\.\S+) (v\S+)(?! =>)(?: \/\/ indirect)?$/gm)].map(([, required = "", wanted = ""]) => {
    const { name, version } = replaced.get(required) ?? { name: required, version: wanted };
    return component(`pkg:golang/${name}@${version}`, { name, version }, where);
  });
}

/** What `dpkg-query -W` tells of an image. */
export function debianComponents(packages: string, where: string): Component[] {
  return packages
    .split("\n")
    .map((line) => line.split("\t"))
    .flatMap(([name, version]) =>
      name && version ? [component(`pkg:deb/debian/${name}@${encodeURIComponent(version)}`, { name, version }, where)] : [],
    );
}

/** npm's own list, from the lock file: it needs no network and nothing installed. */
async function npmBom(): Promise<Bom> {
  const words = ["sbom", "--package-lock-only", "--sbom-format", "cyclonedx", "--omit", "dev"];
  return JSON.parse(await runCommand("npm", words, { cwd: paths.checkout })) as Bom;
}

/** dpkg-query puts these in itself. */
const dpkgFormat = ["$", "{Package}\\t", "$", "{Version}\\n"].join("");

/** Undefined where there is no engine, or the image was not built yet. */
async function packagesOf(image: string): Promise<string | undefined> {
  const words = ["run", "--rm", "--network", "none", "--entrypoint", "dpkg-query", image, "-W", "-f", dpkgFormat];
  return await runCommand("docker", words, { env: toolEnvironment(), timeoutMs: 60_000 }).catch((failure: unknown) => {
    if (failure instanceof CommandError) return undefined;
    throw failure;
  });
}

export const sbom: Command = {
  description:
    "Lists what others made and the platform is built of (a software bill of materials, CycloneDX 1.5): npm packages, Go modules, and the Debian packages of each image that is on this machine.",
  options: {
    out: { type: "string", placeholder: "file", description: "write it there (default: standard output)" },
  },
  examples: ["./dsp sbom --out sbom.json", "./dsp sbom | jq -r '.components[].purl' | sort -u"],
  async run(values) {
    const bom = await npmBom();
    for (const { folder } of Object.values(goModules)) {
      const file = join(paths.checkout, "infra/lab/toolchain", folder, "go.mod");
      if (!existsSync(file))
        throw new StepError(`${file} is missing`, "Take it from the repository again: git checkout infra/lab/toolchain");
      bom.components.push(...goComponents(readFileSync(file, "utf8"), folder));
    }
    for (const image of [platformTags.postgres, platformTags.redis, platformTags.edge]) {
      const packages = await packagesOf(image);
      if (packages === undefined)
        process.stderr.write(`dsp: ${image} is not on this machine: its Debian packages are left out (./dsp up builds it)\n`);
      else bom.components.push(...debianComponents(packages, image));
    }
    const text = `${JSON.stringify(bom, null, 2)}\n`;
    if (typeof values.out === "string") writeFileSync(resolve(values.out), text);
    else process.stdout.write(text);
    process.stderr.write(`${bom.components.length} components\n`);
    return exitCodes.ok;
  },
};
