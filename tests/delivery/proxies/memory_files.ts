/**
 * Files in memory that can die in the middle of any call, as a killed process does, or refuse a call.
 *
 * @module
 */

import { dirname } from "node:path";
import type { Files, WritableFile } from "../../../src/delivery/proxies/files.ts";

/** The end of the process: every call after it fails, too. */
export class Crash extends Error {
  override readonly name = "Crash";
}

export class MemoryFiles implements Files {
  readonly contents: Map<string, Uint8Array>;
  readonly folders: Set<string>;
  readonly timesMs = new Map<string, number>();
  /** The calls that changed something, in order: `"write /pools.toml"`. */
  readonly calls: string[] = [];
  /** When files were written, in milliseconds since 1970, where a test says so. */
  readonly modified = new Map<string, number>();
  /** Called before each changing call; may throw, or change files as another program would. */
  before: (call: string) => void = () => {};
  /**
   * The process dies when it is used up. A changing call costs 1; of writes, a byte of the file at `finePath` costs 1,
   * and 100 bytes of any other file.
   */
  fuel: number;
  readonly #finePath: string;

  constructor(finePath: string, { fuel = Infinity, from }: { fuel?: number; from?: MemoryFiles } = {}) {
    this.#finePath = finePath;
    this.fuel = fuel;
    this.contents = new Map([...from?.contents ?? []].map(([path, bytes]) => [path, bytes.slice()]));
    this.folders = new Set(from?.folders ?? ["/"]);
  }

  /** The disk after the process has died, for the next process. */
  restart(fuel = Infinity): MemoryFiles {
    return new MemoryFiles(this.#finePath, { fuel, from: this });
  }

  text(path: string): string | undefined {
    const bytes = this.contents.get(path);
    return bytes && new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }

  setText(path: string, text: string): void {
    this.contents.set(path, new TextEncoder().encode(text));
  }

  /** Everything there is, to compare. */
  snapshot(): unknown {
    return { contents: [...this.contents], folders: [...this.folders] };
  }

  #alive(): void {
    if (this.fuel <= 0) throw new Crash("the process was killed");
  }

  #change(call: string): void {
    this.#alive();
    this.before(call);
    this.fuel--;
    this.calls.push(call);
  }

  // deno-lint-ignore require-await
  async kindOf(path: string): ReturnType<Files["kindOf"]> {
    this.#alive();
    return this.contents.has(path) ? "file" : this.folders.has(path) ? "folder" : "missing";
  }

  // deno-lint-ignore require-await
  async read(path: string): Promise<Uint8Array> {
    this.#alive();
    const bytes = this.contents.get(path);
    if (bytes === undefined) throw new Deno.errors.NotFound(`No such file (os error 2): ${path}`);
    return bytes.slice();
  }

  modifiedMs(path: string): Promise<number | null> {
    return Promise.resolve(this.modified.get(path) ?? null);
  }

  // deno-lint-ignore require-await
  async open(path: string, { createMode }: { createMode?: number }): Promise<WritableFile> {
    this.#change(`open ${path}`);
    if (!this.folders.has(dirname(path)) || (createMode === undefined && !this.contents.has(path))) {
      throw new Deno.errors.NotFound(`No such file (os error 2): ${path}`);
    }
    if (!this.contents.has(path)) this.contents.set(path, new Uint8Array());
    let position = 0;
    return {
      // deno-lint-ignore require-await
      write: async (bytes): Promise<number> => {
        this.#change(`write ${path}`);
        const bytesPerFuel = path === this.#finePath ? 1 : 100;
        const count = Math.min(bytes.length, this.fuel * bytesPerFuel);
        const old = this.contents.get(path)!;
        const now = new Uint8Array(Math.max(old.length, position + count));
        now.set(old);
        now.set(bytes.subarray(0, count), position);
        this.contents.set(path, now);
        this.fuel -= bytes.length / bytesPerFuel;
        this.#alive();
        position += count;
        return count;
      },
      // deno-lint-ignore require-await
      truncate: async (lengthBytes): Promise<void> => {
        this.#change(`truncate ${path}`);
        this.contents.set(path, this.contents.get(path)!.slice(0, lengthBytes));
      },
      // deno-lint-ignore require-await
      setTimes: async (timeMs): Promise<void> => {
        this.#change(`setTimes ${path}`);
        this.timesMs.set(path, timeMs);
      },
      // deno-lint-ignore require-await
      sync: async (): Promise<void> => this.#change(`sync ${path}`),
      close: (): void => {},
    };
  }

  // deno-lint-ignore require-await
  async rename(from: string, to: string): Promise<void> {
    this.#change(`rename ${to}`);
    this.contents.set(to, this.contents.get(from)!);
    this.contents.delete(from);
  }

  // deno-lint-ignore require-await
  async remove(path: string): Promise<void> {
    this.#change(`remove ${path}`);
    this.contents.delete(path);
  }

  // deno-lint-ignore require-await
  async makeFolder(path: string, _mode: number): Promise<void> {
    this.#change(`makeFolder ${path}`);
    for (let folder = path; folder !== "/"; folder = dirname(folder)) this.folders.add(folder);
  }

  // deno-lint-ignore require-await
  async syncFolder(path: string): Promise<void> {
    this.#change(`syncFolder ${path}`);
  }
}
