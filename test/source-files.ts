/** The project's own sources as the compiler sees them: for tests about the code itself. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";

export const checkout = resolve(import.meta.dirname, "..");

const folders = ["infra", "services", "chaos", "test"];
const passedOver = new Set(["node_modules", ".dsp", "migrations"]);

export interface Import {
  /** Path from the checkout for a file of ours, else the package's name. */
  target: string;
  own: boolean;
  typeOnly: boolean;
  line: number;
}

export interface SourceFile {
  /** From the checkout: `infra/cli/main.ts`. */
  path: string;
  tree: ts.SourceFile;
  imports: Import[];
}

function listFiles(folder: string): string[] {
  return readdirSync(join(checkout, folder), { withFileTypes: true }).flatMap((entry) => {
    if (passedOver.has(entry.name)) return [];
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? listFiles(path) : path.endsWith(".ts") ? [path] : [];
  });
}

export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

/** Calls back for a node and everything below it. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  return (
    clause.name === undefined && named !== undefined && ts.isNamedImports(named) && named.elements.every((element) => element.isTypeOnly)
  );
}

function specifierOf(node: ts.Node): { text: string; typeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return { text: node.moduleSpecifier.text, typeOnly: isTypeOnly(node.importClause) };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    return { text: node.moduleSpecifier.text, typeOnly: node.isTypeOnly };
  }
  const argument = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword ? node.arguments[0] : undefined;
  return argument && ts.isStringLiteral(argument) ? { text: argument.text, typeOnly: false } : undefined;
}

function findImports(path: string, tree: ts.SourceFile): Import[] {
  const found: Import[] = [];
  walk(tree, (node) => {
    const specifier = specifierOf(node);
    if (specifier === undefined) return;
    const own = specifier.text.startsWith(".");
    const target = own ? relative(checkout, resolve(checkout, dirname(path), specifier.text)) : specifier.text;
    found.push({ target, own, typeOnly: specifier.typeOnly, line: lineOf(tree, node) });
  });
  return found;
}

/** Every TypeScript file of the project. */
export function readSourceFiles(): SourceFile[] {
  const present = new Set(readdirSync(checkout));
  return folders
    .filter((folder) => present.has(folder))
    .flatMap(listFiles)
    .map((path) => {
      const tree = ts.createSourceFile(path, readFileSync(join(checkout, path), "utf8"), ts.ScriptTarget.Latest, true);
      return { path, tree, imports: findImports(path, tree) };
    });
}
