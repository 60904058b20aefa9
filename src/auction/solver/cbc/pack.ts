/**
 * The format in which the one-file program carries the validators' program: a gzipped tar archive of regular files. What
 * the files are and their hashes stands in the build (`src/version.ts`), not in the archive.
 *
 * A pack has the program, {@link PROGRAM}, and for another machine than x86-64 an emulator with the libraries that the
 * program is linked to. The rest are licence texts.
 *
 * @module
 */

import { join } from "node:path";
import type { BundledFile } from "../../../version.ts";

/** The archive's name beside the bundle's modules. */
export const ARCHIVE_NAME = "solver.tar.gz";

/** The validators' program. */
export const PROGRAM = "cbc";
/** qemu-user for x86-64 programs, statically linked. */
export const EMULATOR = "qemu-x86_64";
/** The folder that takes the place of `/` for the libraries of an emulated program. */
export const EMULATED_ROOT = "x86_64-root";

/** An archive is damaged or of another kind. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
}

/**
 * The command that starts the program.
 *
 * @param folder where the pack was unpacked.
 */
export function packedCommand(files: readonly BundledFile[], folder: string): string[] {
  const program = join(folder, PROGRAM);
  return files.some(({ path }) => path === EMULATOR)
    ? [join(folder, EMULATOR), "-L", join(folder, EMULATED_ROOT), program]
    : [program];
}

/** The permission bits of an unpacked file: its user's alone. */
export function packedMode({ path }: BundledFile): number {
  return path === PROGRAM || path === EMULATOR ? 0o700 : 0o600;
}

/** tar works in blocks of this size. */
const BLOCK_BYTES = 512;
/** Where the fields of a header are: offset and length. */
const NAME = [0, 100] as const;
const SIZE = [124, 12] as const;
const TYPE = [156, 1] as const;

/**
 * The files of an archive, by path.
 *
 * @param gzipped as `scripts/compile/archive.ts` writes it: ustar, regular files, paths of at most 100 characters.
 * @throws {ArchiveError} when it is damaged, or has anything but regular files.
 */
export async function readArchive(
  gzipped: Uint8Array<ArrayBuffer>,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const tar = await gunzip(gzipped);
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (let at = 0; at + BLOCK_BYTES <= tar.length && tar[at] !== 0;) {
    const header = tar.subarray(at, at + BLOCK_BYTES);
    const path = fieldOf(header, NAME);
    const size = parseInt(fieldOf(header, SIZE), 8);
    const start = at + BLOCK_BYTES;
    if (fieldOf(header, TYPE) !== "0" || !(size >= 0) || start + size > tar.length) {
      throw new ArchiveError(
        `Cannot read the archive: its entry ${JSON.stringify(path)} is not a whole file`,
      );
    }
    files.set(path, tar.subarray(start, start + size));
    at = start + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return files;
}

async function gunzip(gzipped: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const stream = new Blob([gzipped]).stream().pipeThrough(new DecompressionStream("gzip"));
    return await new Response(stream).bytes();
  } catch (cause) {
    throw new ArchiveError("Cannot read the archive: it is not gzipped, or damaged", { cause });
  }
}

/** A field of a header: text up to the first NUL. */
function fieldOf(header: Uint8Array, [offset, length]: readonly [number, number]): string {
  const text = new TextDecoder().decode(header.subarray(offset, offset + length));
  return text.split("\0", 1)[0]!;
}
