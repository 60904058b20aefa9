/**
 * What is known of the packages that the lock file names: their licences, and whether the program contains them.
 *
 * @module
 */

import { join } from "node:path";
import { prepareBuildFolder } from "../compile/build_folder.ts";
import { bundle } from "../compile/bundle.ts";
import { idOf, type LockedPackage, readLockFile } from "./lock_file.ts";

/** A package and what is known of it. */
export interface Package extends LockedPackage {
  /** As its `package.json` names it, an SPDX expression. */
  readonly licence: string;
  /** Its licence file; `null` when it has none. */
  readonly licenceText: string | null;
  /** Whether code of it is in the program. */
  readonly bundled: boolean;
  /** The packages of `deno.json` that need it, or itself; sorted. */
  readonly neededBy: readonly string[];
}

/** The packages as installed do not agree with the lock file. */
export class PackagesError extends Error {
  override readonly name = "PackagesError";
}

/** Options of {@link readPackages}. */
export interface ReadPackagesOptions {
  /** A folder with `deno.json`, `deno.lock` and `node_modules`. */
  readonly sources: string;
  /** The folders of the packages in the program, relative to `sources`. */
  readonly bundled: readonly string[];
}

/** Bundles the program of a checkout, and reads its packages. */
export async function listPackages(root: string): Promise<Package[]> {
  using folder = await prepareBuildFolder(root);
  const { sources } = folder;
  const build = { commit: null, commitDate: null };
  const { packages } = await bundle({ sources, output: folder.bundle, build });
  return await readPackages({ sources, bundled: packages });
}

interface Installed {
  /** Relative to `node_modules`' parent. */
  readonly folder: string;
  readonly licence: string;
  readonly licenceText: string | null;
}

/**
 * Reads every package of the lock file, sorted by name. Packages for other platforms are not installed: they are parts
 * of esbuild and have the licence of the part for this platform.
 *
 * @throws {PackagesError} {@link import("./lock_file.ts").LockFileError}
 */
export async function readPackages({ sources, bundled }: ReadPackagesOptions): Promise<Package[]> {
  const locked = readLockFile(await Deno.readTextFile(join(sources, "deno.lock")));
  const installed = await readInstalled(sources);
  const { imports } = JSON.parse(await Deno.readTextFile(join(sources, "deno.json")));
  const inProgram = new Set(bundled);
  const needs = neededBy(locked, directIds(Object.values(imports)));
  return locked.map((each) => {
    const found = installed.get(idOf(each)) ?? (each.platformOnly ? samePart(each, locked, installed) : null);
    if (found === null) throw new PackagesError(`Cannot read ${idOf(each)}: it is not installed`);
    return {
      ...each,
      licence: found[0]!.licence,
      licenceText: found[0]!.licenceText,
      bundled: found.some(({ folder }) => inProgram.has(folder)),
      neededBy: needs.get(idOf(each)) ?? [],
    };
  });
}

/** `npm:glpk.js@5.0.0/node` → `glpk.js@5.0.0`. */
function directIds(specifiers: readonly string[]): string[] {
  return [...new Set(specifiers.flatMap((text) => /^npm:(@?[^@]+@[^/]+)/.exec(text)?.[1] ?? []))];
}

/** The direct packages from which each package is reached. */
function neededBy(locked: readonly LockedPackage[], direct: readonly string[]): Map<string, string[]> {
  const byId = new Map(locked.map((each) => [idOf(each), each]));
  const needs = new Map<string, string[]>();
  for (const start of direct) {
    const reached = new Set([start]);
    for (const id of reached) {
      for (const next of byId.get(id)?.dependencies ?? []) reached.add(next);
    }
    const { name } = byId.get(start)!;
    for (const id of reached) needs.set(id, [...needs.get(id) ?? [], name].sort());
  }
  return needs;
}

/** What is installed of the same scope and version. */
function samePart(
  { name, version }: LockedPackage,
  locked: readonly LockedPackage[],
  installed: ReadonlyMap<string, Installed[]>,
): Installed[] | null {
  const scope = name.split("/")[0];
  const siblings = locked.filter((other) =>
    other.platformOnly && other.version === version && other.name.split("/")[0] === scope
  );
  const [sibling] = siblings.flatMap((other) => installed.get(idOf(other)) ?? []);
  // Not in the program: it is another folder.
  return sibling === undefined ? null : [{ ...sibling, folder: "" }];
}

/** All folders of `node_modules/.deno` by `name@version`; with several sets of peers, there are several. */
async function readInstalled(sources: string): Promise<Map<string, Installed[]>> {
  const packages = new Map<string, Installed[]>();
  for (const entry of await foldersIn(join(sources, "node_modules", ".deno"))) {
    const modules = `node_modules/.deno/${entry}/node_modules`;
    for (const name of await packageNames(join(sources, modules))) {
      const folder = `${modules}/${name}`;
      const manifest = JSON.parse(await Deno.readTextFile(join(sources, folder, "package.json")));
      if (typeof manifest.license !== "string") {
        throw new PackagesError(`Cannot read ${folder}/package.json: it names no licence`);
      }
      const id = idOf({ name, version: manifest.version });
      packages.set(id, [...packages.get(id) ?? [], {
        folder,
        licence: manifest.license,
        licenceText: await readLicence(join(sources, folder)),
      }]);
    }
  }
  return packages;
}

/** The packages themselves: what they depend on lies beside them as links. */
async function packageNames(modules: string): Promise<string[]> {
  const names = await foldersIn(modules);
  const scoped = names.filter((name) => name.startsWith("@"));
  const inScopes = await Promise.all(
    scoped.map(async (scope) => (await foldersIn(join(modules, scope))).map((name) => `${scope}/${name}`)),
  );
  return [...names.filter((name) => !name.startsWith("@")), ...inScopes.flat()];
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(path)).catch(() => []);
  return entries.filter(({ name, isDirectory }) => isDirectory && name !== "node_modules")
    .map(({ name }) => name).sort();
}

async function readLicence(folder: string): Promise<string | null> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  const name = names.sort().find((each) => /^(licen[cs]e|copying)(\.\w+)?$/i.test(each));
  return name === undefined ? null : await Deno.readTextFile(join(folder, name));
}
