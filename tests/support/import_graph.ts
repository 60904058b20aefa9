/**
 * The imports between the source files of a folder, read from their text.
 *
 * @module
 */

import { readdir } from "node:fs/promises";
import { join, posix } from "node:path";

/** For each file the files it imports, types included; paths relative to the root. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** `import … from`, `export … from`, `import "…"` and `import("…")`, in documentation comments too. */
const SPECIFIER = /(?:\bfrom\s*|\bimport\s*\(?\s*)"(\.[^"]+)"/g;

/** Reads the imports of `files` and of everything in `folders`; all paths are relative to `root`. */
export async function readImportGraph(
  root: string,
  { files, folders }: { readonly files: readonly string[]; readonly folders: readonly string[] },
): Promise<ImportGraph> {
  const inFolders = await Promise.all(folders.map(async (folder) => {
    const names = await readdir(join(root, folder), { recursive: true });
    return names.filter((name) => name.endsWith(".ts")).map((name) => posix.join(folder, name));
  }));
  const paths = [...files, ...inFolders.flat()].sort();
  return new Map(
    await Promise.all(paths.map(async (path) => {
      return [path, importsOf(path, await Deno.readTextFile(join(root, path)))] as const;
    })),
  );
}

/** The files that a file's text imports, each once. */
export function importsOf(path: string, text: string): string[] {
  const specifiers = text.matchAll(SPECIFIER).map(([, specifier]) => specifier!);
  return [...new Set(specifiers.map((specifier) => posix.join(posix.dirname(path), specifier)))];
}

/** Every file that the roots import, directly or not, the roots included. */
export function reachableFrom(roots: readonly string[], graph: ImportGraph): Set<string> {
  const reached = new Set(roots);
  // A set's iteration goes on with what is added on the way.
  for (const path of reached) for (const imported of graph.get(path) ?? []) reached.add(imported);
  return reached;
}

/** The first circle found, as `a → b → a`; `null` when no file imports itself, directly or not. */
export function findCircle(graph: ImportGraph): readonly string[] | null {
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): readonly string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return null;
    for (const imported of graph.get(path) ?? []) {
      const circle = visit(imported, [...trail, path]);
      if (circle !== null) return circle;
    }
    done.add(path);
    return null;
  };
  for (const path of graph.keys()) {
    const circle = visit(path, []);
    if (circle !== null) return circle;
  }
  return null;
}
