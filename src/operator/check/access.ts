/**
 * Finds out by trying whether this user may use a file or folder, and the command that permits it.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { asError } from "../../lib/errors.ts";

/** A user by number, since a container may not know the name. */
export interface User {
  readonly uid: number | null;
  readonly gid: number | null;
}

/** The user of this process. */
export function currentUser(): User {
  return { uid: Deno.uid(), gid: Deno.gid() };
}

/** The result of trying a path. */
export type Access =
  | { readonly kind: "usable" }
  | { readonly kind: "missing" }
  /** There is something else at the path, or the file system refuses. */
  | { readonly kind: "unusable"; readonly reason: string }
  /** Owner, mode or access list forbid it. */
  | { readonly kind: "denied"; readonly need: "r" | "rw" | "rwx" };

/** Errors that no permission fixes. */
const REFUSALS: ReadonlyMap<unknown, string> = new Map([
  ["EROFS", "its file system is mounted read-only; mount it for writing"],
  [
    "EPERM",
    "it is protected against changes even by its owner; lsattr shows why, chattr -i or -a removes it",
  ],
]);

/** Tries to open a file for reading or for both; its content and times stay. */
export async function tryFile(path: string, write: boolean): Promise<Access> {
  try {
    if (!(await Deno.stat(path)).isFile) return { kind: "unusable", reason: "it is not a file" };
    using _file = await Deno.open(path, { read: true, write });
    return { kind: "usable" };
  } catch (error) {
    return accessOf(error, write ? "rw" : "r");
  }
}

/**
 * Tries to create a file in a folder, and removes it again. For a missing folder it tries the nearest existing parent, where
 * the agent would create it.
 */
export async function tryFolder(path: string): Promise<Access & { readonly at: string }> {
  try {
    if (!(await Deno.stat(path)).isDirectory) {
      return { kind: "unusable", reason: `${path} is not a folder`, at: path };
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound && dirname(path) !== path) {
      return await tryFolder(dirname(path));
    }
    return { ...accessOf(error, "rwx"), at: path };
  }
  const probe = join(path, `.ih-miner-check-${crypto.randomUUID()}`);
  try {
    await Deno.writeTextFile(probe, "", { createNew: true, mode: 0o600 });
    await Deno.remove(probe);
    return { kind: "usable", at: path };
  } catch (error) {
    // The folder exists: it is a virtual one of the kernel.
    if (error instanceof Deno.errors.NotFound) {
      return { kind: "unusable", reason: `${path} takes no files`, at: path };
    }
    return { ...accessOf(error, "rwx"), at: path };
  }
}

/** Classifies an error of the operating system. */
export function accessOf(error: unknown, need: "r" | "rw" | "rwx"): Access {
  if (error instanceof Deno.errors.NotFound) return { kind: "missing" };
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "EACCES") return { kind: "denied", need };
  return { kind: "unusable", reason: REFUSALS.get(code) ?? asError(error).message };
}

/** The `setfacl` line that gives a user a right without changing owner and mode. */
export function aclLine({ uid }: User, rights: string, path: string): string {
  return `setfacl -m u:${uid}:${rights} ${quote(path)}`;
}

/** The `chown` line that gives a file or folder to a user. */
export function ownerLine({ uid, gid }: User, path: string): string {
  return `chown ${uid}:${gid} ${quote(path)}`;
}

/** A path as one word of a shell. */
function quote(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
