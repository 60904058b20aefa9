/**
 * Files in memory, so that routing can be checked without permission to write.
 *
 * @module
 */

import type { Files, WritableFile } from "../../src/delivery/proxies/files.ts";

/** Content by path. Folders exist as soon as something is written into them. */
export function memoryFiles(contents: Map<string, Uint8Array>): Files {
  const remove = (path: string): void => void contents.delete(path);
  return {
    kindOf: (path) => Promise.resolve(contents.has(path) ? "file" : "missing"),
    read(path): Promise<Uint8Array> {
      const bytes = contents.get(path);
      return bytes === undefined ? Promise.reject(new Deno.errors.NotFound(path)) : Promise.resolve(bytes);
    },
    modifiedMs: () => Promise.resolve(null),
    open(path, { createMode }): Promise<WritableFile> {
      if (createMode === undefined && !contents.has(path)) {
        return Promise.reject(new Deno.errors.NotFound(path));
      }
      let position = 0;
      const resize = (length: number): Uint8Array => {
        const resized = new Uint8Array(length);
        resized.set((contents.get(path) ?? new Uint8Array()).subarray(0, length));
        contents.set(path, resized);
        return resized;
      };
      resize(contents.get(path)?.length ?? 0);
      return Promise.resolve({
        write(bytes): Promise<number> {
          resize(Math.max(contents.get(path)!.length, position + bytes.length)).set(bytes, position);
          position += bytes.length;
          return Promise.resolve(bytes.length);
        },
        truncate: (length) => Promise.resolve(void resize(length)),
        setTimes: () => Promise.resolve(),
        sync: () => Promise.resolve(),
        close: () => {},
      });
    },
    rename(from, to): Promise<void> {
      contents.set(to, contents.get(from)!);
      return Promise.resolve(remove(from));
    },
    remove: (path) => Promise.resolve(remove(path)),
    makeFolder: () => Promise.resolve(),
    syncFolder: () => Promise.resolve(),
  };
}
