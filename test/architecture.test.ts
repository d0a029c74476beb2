/** Holds the layout: who may import whom, and the shape of the code. A rule that fails names every place. */
import { basename } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { type Import, lineOf, readSourceFiles, type SourceFile, walk } from "./source-files.ts";

const functionLinesMax = 70;
const files = readSourceFiles();
const sources = files.filter(({ path }) => !isTest(path));

/** Tools find these by their default export. */
const toolEntries = new Set(["vitest.config.ts", "infra/index.ts"]);

function isTest(path: string): boolean {
  return /\.test\.ts$/.test(path) || path.startsWith("test/") || path.includes("/testing/");
}

function folderOf(path: string): string {
  return path.split("/")[0] ?? "";
}

/** `record` for services/record/…, `lib` for services/lib/… */
function serviceOf(path: string): string | undefined {
  const [folder, service, ...rest] = path.split("/");
  return folder === "services" && rest.length > 0 ? service : undefined;
}

function wrongImports(from: readonly SourceFile[], isWrong: (target: Import, file: SourceFile) => boolean): string[] {
  return from.flatMap((file) =>
    file.imports.filter((target) => isWrong(target, file)).map((target) => `${file.path}:${target.line} imports ${target.target}`),
  );
}

function wrongNodes(from: readonly SourceFile[], isWrong: (node: ts.Node, file: SourceFile) => boolean): string[] {
  return from.flatMap((file) => {
    const found: string[] = [];
    walk(file.tree, (node) => {
      if (isWrong(node, file)) found.push(`${file.path}:${lineOf(file.tree, node)}`);
    });
    return found;
  });
}

function functionLines(node: ts.Node, { tree }: SourceFile): number {
  if (!ts.isFunctionLike(node) || !("body" in node) || !node.body) return 0;
  const start = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
  return tree.getLineAndCharacterOfPosition(node.end).line - start + 1;
}

/** Rank of a service's file by its name: imports go from a lower rank to a higher one, never back. */
function rankInService(path: string): number | undefined {
  const name = basename(path, ".ts");
  if (name === "server") return 0;
  if (name === "app") return 1;
  if (name === "routes") return 2;
  return name === "store" ? 4 : undefined;
}

describe("imports", () => {
  it("sees the sources", () => {
    expect(files.length).toBeGreaterThan(20);
  });

  it("services take nothing from outside services", () => {
    expect(
      wrongImports(
        files.filter(({ path }) => folderOf(path) === "services"),
        ({ own, target }) => own && folderOf(target) !== "services",
      ),
    ).toEqual([]);
  });

  it("no service takes from another one, and the library from none", () => {
    const crossing = wrongImports(files, ({ target }, { path }) => {
      const from = serviceOf(path);
      const to = serviceOf(target);
      return from !== undefined && to !== undefined && to !== "lib" && from !== to;
    });
    expect(crossing).toEqual([]);
  });

  it("in a service imports go server, app, routes, operation, store, never upward", () => {
    const upward = wrongImports(sources, ({ own, target }, { path }) => {
      const from = rankInService(path);
      const to = rankInService(target);
      return own && serviceOf(path) !== undefined && to !== undefined && to <= 2 && (from ?? 3) > to;
    });
    expect(upward).toEqual([]);
  });

  it("infra takes only types from services, and only from a service's config", () => {
    const wrong = wrongImports(
      sources.filter(({ path }) => folderOf(path) === "infra"),
      ({ own, target, typeOnly }) => own && folderOf(target) === "services" && !(typeOnly && basename(target) === "config.ts"),
    );
    expect(wrong).toEqual([]);
  });

  it("components never read the configuration: only the types of it", () => {
    const wrong = wrongImports(
      sources.filter(({ path }) => path.startsWith("infra/components/")),
      ({ target, typeOnly }) => target === "infra/config.ts" && !typeOnly,
    );
    expect(wrong).toEqual([]);
    expect(
      wrongNodes(
        sources.filter(({ path }) => path !== "infra/config.ts"),
        (node) => /^new (pulumi\.)?Config\(/.test(ts.isNewExpression(node) ? node.getText() : ""),
      ),
    ).toEqual([]);
  });

  it("the topology is pure: it imports nothing", () => {
    expect(files.find(({ path }) => path === "infra/topology.ts")?.imports ?? []).toEqual([]);
  });

  it("chaos meets the system as a stranger", () => {
    const wrong = wrongImports(
      sources.filter(({ path }) => folderOf(path) === "chaos"),
      ({ own, target }) => own && folderOf(target) !== "chaos",
    );
    expect(wrong).toEqual([]);
  });

  it("nothing imports a test", () => {
    expect(wrongImports(sources, ({ own, target }) => own && isTest(target))).toEqual([]);
  });
});

describe("shape", () => {
  it("no default exports, tool entry files aside", () => {
    const wrong = wrongNodes(
      files.filter(({ path }) => !toolEntries.has(path)),
      (node) =>
        ts.isExportAssignment(node) ||
        (ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)),
    );
    expect(wrong).toEqual([]);
  });

  it("no barrels: nothing is exported a second time", () => {
    expect(wrongNodes(files, (node) => ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined)).toEqual([]);
    expect(files.map(({ path }) => path).filter((path) => basename(path) === "index.ts" && !toolEntries.has(path))).toEqual([]);
  });

  it("no any", () => {
    expect(wrongNodes(files, (node) => node.kind === ts.SyntaxKind.AnyKeyword)).toEqual([]);
  });

  it(`no function of more than ${functionLinesMax} lines`, () => {
    // A suite of tests is a list, not a function that one has to hold in mind.
    const long = wrongNodes(sources, (node, file) => functionLines(node, file) > functionLinesMax);
    expect(long).toEqual([]);
  });

  it("file names are kebab-case and say something", () => {
    const paths = files.map(({ path }) => path);
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|lab\.test|integration\.test|d))?\.ts$/;
    expect(paths.filter((path) => !kebab.test(basename(path)))).toEqual([]);
    expect(paths.filter((path) => /(^|[/-])(utils?|helpers?|misc|common)([-./]|$)/.test(path))).toEqual([]);
  });
});
