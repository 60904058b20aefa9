/**
 * Searches the memory of a running process (Linux).
 *
 * @module
 */

/** A find. */
export interface MemoryHit {
  /** The pattern's name. */
  readonly pattern: string;
  /** The mapping, as in `/proc/PID/maps`. */
  readonly mapping: string;
}

const PAGE_BYTES = 4096;
/** How many pages are read at once. */
const CHUNK_PAGES = 1024;
/** Of an entry of `/proc/PID/pagemap`, in its upper half: the page is in memory, or swapped out. */
const HAS_CONTENT = 0xc000_0000;

/**
 * Searches all memory that the process can write to, as far as it has content.
 *
 * @param patterns by name, of at least two bytes.
 */
export function searchMemory(pid: number, patterns: ReadonlyMap<string, Uint8Array>): MemoryHit[] {
  const finder = new Finder(patterns);
  const hits: MemoryHit[] = [];
  using memory = Deno.openSync(`/proc/${pid}/mem`);
  using pagemap = Deno.openSync(`/proc/${pid}/pagemap`);
  const chunk = new Uint8Array(CHUNK_PAGES * PAGE_BYTES + finder.maxLength - 1);
  for (const mapping of Deno.readTextFileSync(`/proc/${pid}/maps`).split("\n")) {
    const [, from, to] = /^([\da-f]+)-([\da-f]+) rw/.exec(mapping) ?? [];
    if (from === undefined || to === undefined) continue;
    const [first, end] = [parseInt(from, 16) / PAGE_BYTES, parseInt(to, 16) / PAGE_BYTES];
    const entries = new Uint32Array(
      readAt(pagemap, first * 8, new Uint8Array((end - first) * 8)).slice().buffer,
    );
    const hasContent = (page: number): boolean => (entries[2 * (page - first) + 1]! & HAS_CONTENT) !== 0;
    for (let page = first; page < end; page++) {
      if (!hasContent(page)) continue;
      const start = page;
      while (page + 1 < end && page + 1 - start < CHUNK_PAGES && hasContent(page + 1)) page++;
      const size = (page + 1 - start) * PAGE_BYTES;
      const bytes = readAt(memory, start * PAGE_BYTES, chunk.subarray(0, size + finder.maxLength - 1));
      for (const pattern of finder.findAll(bytes, size)) hits.push({ pattern, mapping });
    }
  }
  return hits;
}

/** Finds any of some patterns in one pass, by their first two bytes. */
class Finder {
  readonly maxLength: number;
  /** By the first two bytes, 1 + the place in {@link #groups}; 0: none. */
  readonly #table = new Uint8Array(65_536);
  readonly #groups: (readonly [name: string, bytes: Uint8Array])[][] = [];

  constructor(patterns: ReadonlyMap<string, Uint8Array>) {
    this.maxLength = Math.max(...[...patterns.values()].map(({ length }) => length));
    for (const entry of patterns) {
      const pair = entry[1][0]! | entry[1][1]! << 8;
      if (this.#table[pair] === 0) this.#table[pair] = this.#groups.push([]);
      this.#groups[this.#table[pair]! - 1]!.push(entry);
    }
  }

  /** The names of what begins within the first `limit` bytes. */
  findAll(bytes: Uint8Array, limit: number): string[] {
    const table = this.#table;
    const found: string[] = [];
    const end = Math.min(bytes.length - 1, limit);
    for (let at = 0; at < end; at++) {
      const group = table[bytes[at]! | bytes[at + 1]! << 8]!;
      if (group === 0) continue;
      for (const [name, wanted] of this.#groups[group - 1]!) {
        if (wanted.every((byte, index) => bytes[at + index] === byte)) found.push(name);
      }
    }
    return found;
  }
}

/** What of it can be read; the process may give memory back meanwhile. */
function readAt(memory: Deno.FsFile, start: number, into: Uint8Array): Uint8Array {
  let length = 0;
  try {
    memory.seekSync(start, Deno.SeekMode.Start);
    while (length < into.length) {
      const count = memory.readSync(into.subarray(length));
      if (count === null) break;
      length += count;
    }
  } catch {
    // Given back, or of the kernel.
  }
  return into.subarray(0, length);
}
