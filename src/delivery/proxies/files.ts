/**
 * The file system calls of routing behind a small interface, so that tests can inject torn writes, full disks and crashes;
 * and three ways of writing built on it.
 *
 * @module
 */

import { dirname } from "node:path";
import { readBounded } from "../../lib/bounded_file.ts";

/** The largest file of a proxy. */
export const MAX_PROXY_FILE_BYTES = 8 * 1024 * 1024;

/** A file opened for writing. */
export interface WritableFile {
  /** Writes at the current position; may write less than it was given. Returns the number of bytes written. */
  write(bytes: Uint8Array): Promise<number>;
  truncate(lengthBytes: number): Promise<void>;
  /** Sets access and modification time, in milliseconds since 1970. */
  setTimes(timeMs: number): Promise<void>;
  /** Waits until content and metadata are on the disk. */
  sync(): Promise<void>;
  close(): void;
}

/** The file system. Errors are those of `Deno.errors`. */
export interface Files {
  /** The kind of file at the path; symbolic links are followed. */
  kindOf(path: string): Promise<"file" | "folder" | "other" | "missing">;
  /** @throws {FileTooLargeError} if the file has more than `maxBytes`. */
  read(path: string, maxBytes: number): Promise<Uint8Array>;
  /** When the file was last modified, in milliseconds since 1970; `null` if unknown. */
  modifiedMs(path: string): Promise<number | null>;
  /**
   * Opens for writing at the start, without truncating. With `createMode` the file is created: it must be missing, and a
   * symbolic link that leads nowhere counts as there.
   */
  open(path: string, options: { createMode?: number }): Promise<WritableFile>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; a missing one is fine. */
  remove(path: string): Promise<void>;
  /** Creates a folder and its parents; an existing folder keeps its mode. */
  makeFolder(path: string, mode: number): Promise<void>;
  /** Waits until the directory entries are on the disk. */
  syncFolder(path: string): Promise<void>;
}

/** The real file system. */
export const osFiles: Files = {
  async kindOf(path): ReturnType<Files["kindOf"]> {
    try {
      const { isFile, isDirectory } = await Deno.stat(path);
      return isFile ? "file" : isDirectory ? "folder" : "other";
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "missing";
      throw error;
    }
  },
  read: readBounded,
  modifiedMs: async (path) => (await Deno.stat(path)).mtime?.getTime() ?? null,
  async open(path, { createMode }): Promise<WritableFile> {
    const file = await Deno.open(path, {
      write: true,
      ...(createMode === undefined ? {} : { createNew: true, mode: createMode }),
    });
    return {
      write: (bytes) => file.write(bytes),
      truncate: (lengthBytes) => file.truncate(lengthBytes),
      setTimes: (timeMs) => file.utime(new Date(timeMs), new Date(timeMs)),
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  rename: (from, to) => Deno.rename(from, to),
  async remove(path): Promise<void> {
    try {
      await Deno.remove(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  },
  makeFolder: (path, mode) => Deno.mkdir(path, { recursive: true, mode }),
  async syncFolder(path): Promise<void> {
    using folder = await Deno.open(path, { read: true });
    try {
      await folder.sync();
    } catch (error) {
      // Some network file systems cannot sync a folder and store its entries safely by themselves.
      if (!["EINVAL", "ENOTSUP"].includes(String((error as { code?: unknown }).code))) throw error;
    }
  },
};

/**
 * Overwrites an existing file and keeps its inode, mode and owner: after a rename, a container with a bind mount of this
 * one file would not see the new content (spec, section 6). Resolves when the bytes are on the disk.
 */
export async function writeInPlace(files: Files, path: string, bytes: Uint8Array): Promise<void> {
  await overwrite(await files.open(path, {}), bytes);
}

/**
 * Writes a file so that its name has either the old or the new content at any time, with mode 0600. Only for one writer at
 * a time: the name of the temporary file is fixed, so that crashes leave at most one.
 */
export async function writeAtomically(files: Files, path: string, bytes: Uint8Array): Promise<void> {
  const temporaryPath = `${path}.tmp`;
  // What a crash has left, or a link to somebody else's file.
  await files.remove(temporaryPath);
  await overwrite(await files.open(temporaryPath, { createMode: 0o600 }), bytes);
  await files.rename(temporaryPath, path);
  await files.syncFolder(dirname(path));
}

/** Creates the file and its folder, or updates the modification time of an existing file. */
export async function touch(files: Files, path: string, nowMs: number): Promise<void> {
  await files.makeFolder(dirname(path), 0o755);
  const file = await files.open(path, {}).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return files.open(path, { createMode: 0o644 });
    throw error;
  });
  try {
    await file.setTimes(nowMs);
  } finally {
    file.close();
  }
}

/**
 * Replaces a file's content and closes it. `classify` in `torn_write.ts` relies on the order of the steps: the file is
 * truncated only after the new content is in it.
 */
async function overwrite(file: WritableFile, bytes: Uint8Array): Promise<void> {
  try {
    await writeAll(file, bytes);
    await file.truncate(bytes.length);
    await file.sync();
  } finally {
    file.close();
  }
}

async function writeAll(file: WritableFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
}
