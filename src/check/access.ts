/**
 * Whether this user may use a file or folder, found out by trying, and the command that lets it.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { asError } from "../lib/errors.ts";

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
  | { readonly kind: "denied"; readonly need: "r" | "rw" | "rwx" };

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
  let at = path;
  for (;;) {
    try {
      if (!(await Deno.stat(at)).isDirectory) {
        return { kind: "unusable", reason: `${at} is not a folder`, at };
      }
      const probe = join(at, `.ih-miner-check-${crypto.randomUUID()}`);
      await Deno.writeTextFile(probe, "", { createNew: true, mode: 0o600 });
      await Deno.remove(probe);
      return { kind: "usable", at };
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound) || dirname(at) === at) {
        return { ...accessOf(error, "rwx"), at };
      }
      at = dirname(at);
    }
  }
}

function accessOf(error: unknown, need: "r" | "rw" | "rwx"): Access {
  if (error instanceof Deno.errors.NotFound) return { kind: "missing" };
  if (error instanceof Deno.errors.PermissionDenied) return { kind: "denied", need };
  return { kind: "unusable", reason: asError(error).message };
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
