/**
 * Reads the proxy's file, and replaces its content so that a failed write leaves the old one.
 *
 * @module
 */

import { RoutingError } from "./errors.ts";
import { type Files, MAX_PROXY_FILE_BYTES, writeInPlace } from "./files.ts";
import { isEqual } from "./torn_write.ts";
import { FileTooLargeError } from "../../lib/bounded_file.ts";
import { asError } from "../../lib/errors.ts";

/**
 * Reads a proxy's file.
 *
 * @throws {RoutingError} `missing`, `not-a-file`, `not-readable`
 */
export async function readTarget(files: Files, path: string): Promise<Uint8Array> {
  const refuse = (kind: "missing" | "not-a-file" | "not-readable", why: string, cause?: unknown): never => {
    throw new RoutingError(kind, path, `Cannot read ${path}: ${why}`, { cause });
  };
  try {
    const kind = await files.kindOf(path);
    if (kind === "missing") {
      refuse("missing", "there is no such file; correct its path or let the proxy make it");
    }
    if (kind !== "file") {
      refuse(
        "not-a-file",
        `it is a ${kind === "folder" ? "folder" : "special file"}; name the proxy's file itself`,
      );
    }
    return await files.read(path, MAX_PROXY_FILE_BYTES);
  } catch (error) {
    if (error instanceof RoutingError) throw error;
    if (error instanceof FileTooLargeError) {
      return refuse("not-readable", `${error.message}; name the proxy's own file`, error);
    }
    return refuse(
      "not-readable",
      `${reasonOf(error)}; make it readable for the user that ih-miner runs as`,
      error,
    );
  }
}

/**
 * Writes the new content in place; if that fails, writes the old one again, which fits even on a full disk.
 *
 * @returns `null` if the new content is on the disk; an error if the old one is
 * @throws {RoutingError} `not-writable` or `write-failed` if neither could be written
 */
export async function replaceContent(
  files: Files,
  path: string,
  content: { readonly before: Uint8Array; readonly after: Uint8Array },
): Promise<RoutingError | null> {
  try {
    await writeInPlace(files, path, content.after);
    return null;
  } catch (error) {
    try {
      if (!isEqual(await readTarget(files, path), content.before)) {
        await writeInPlace(files, path, content.before);
      }
    } catch {
      throw writeError(path, error, "its content is uncertain, and the next run will restore it");
    }
    return writeError(path, error, "it has its previous content");
  }
}

/**
 * Waits until the content of the proxy's file is on the disk.
 *
 * @throws {RoutingError} `not-writable` or `write-failed`
 */
export async function syncTarget(files: Files, path: string): Promise<void> {
  try {
    const file = await files.open(path, {});
    try {
      await file.sync();
    } finally {
      file.close();
    }
  } catch (error) {
    throw writeError(path, error, "it has its new content, but may lose it in a power cut");
  }
}

function writeError(path: string, error: unknown, state: string): RoutingError {
  const isDenied = error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable;
  const advice = isDenied
    ? "make it writable for the user that ih-miner runs as"
    : "free space or repair the disk";
  return new RoutingError(
    isDenied ? "not-writable" : "write-failed",
    path,
    `Cannot write ${path}: ${reasonOf(error)}; ${state}; ${advice}`,
    { cause: error },
  );
}

/** The system's message for an error. */
export function reasonOf(error: unknown): string {
  return asError(error).message;
}
