/**
 * Whether this user may use a file or folder, found out by trying, and the command that lets it.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { asError } from "../../lib/errors.ts";

/** The user a command line names: its number, since a name need not be known in a container. */
export interface User {
  readonly uid: number | null;
  readonly gid: number | null;
}

/** The user of this process. */
export function currentUser(): User {
  return { uid: Deno.uid(), gid: Deno.gid() };
}

/** What trying a path showed. */
export type Access =
  | { readonly kind: "usable" }
  | { readonly kind: "missing" }
  /** There is something else in its place, or the disk refuses. */
  | { readonly kind: "unusable"; readonly reason: string }
  /** Owner, mode and access list do not allow it. */
  | { readonly kind: "denied"; readonly need: "r" | "rw" | "rwx" };

/** What no right of a user mends. */
const REFUSALS: ReadonlyMap<unknown, string> = new Map([
  ["EROFS", "its file system is mounted read-only; mount it for writing"],
  ["EPERM", "it is protected against changes, also by its owner; lsattr shows why, chattr -i or -a ends it"],
]);

/** Tries to open a file for reading, and for writing when asked; its content and times stay. */
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
 * Tries to make a file in a folder, and removes it again. For a folder that does not exist yet, the nearest one above
 * that does is tried: the agent makes the rest.
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
    // The folder is there: it is one of the kernel's.
    if (error instanceof Deno.errors.NotFound) {
      return { kind: "unusable", reason: `${path} takes no files`, at: path };
    }
    return { ...accessOf(error, "rwx"), at: path };
  }
}

/** What an error of the operating system says. */
export function accessOf(error: unknown, need: "r" | "rw" | "rwx"): Access {
  if (error instanceof Deno.errors.NotFound) return { kind: "missing" };
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "EACCES") return { kind: "denied", need };
  return { kind: "unusable", reason: REFUSALS.get(code) ?? asError(error).message };
}

/** The `setfacl` line that gives a user a right, and leaves owner and mode to whoever else uses the file. */
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
