/** A pack with a script in the place of the validators' program. */

import { dirname, join } from "node:path";
import type { CbcPack } from "../../../../src/auction/solver/cbc/bundled_cbc.ts";
import { sha256Hex } from "../../../../src/lib/sha256.ts";
import { makeArchive } from "../../../../scripts/compile/archive.ts";

/** A script that reports the validators' build. */
export const STAND_IN = '#!/bin/sh\necho "Version: 2.10.3"\necho "Build Date: Dec 15 2019"\n';

/** A pack of these files. */
export async function packOf(
  contents: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>,
): Promise<CbcPack & { reads: number }> {
  const folder = await Deno.makeTempDir();
  try {
    const files = await Promise.all(
      Object.entries(contents).map(async ([path, content]) => {
        const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
        await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
        await Deno.writeFile(join(folder, path), bytes);
        return { path, sha256: await sha256Hex(bytes) };
      }),
    );
    const archive = await makeArchive(folder, files.map(({ path }) => path));
    const pack = {
      files,
      reads: 0,
      readArchive: () => {
        pack.reads++;
        return Promise.resolve(archive);
      },
    };
    return pack;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A pack with the stand-in and a licence. */
export function standInPack(program = STAND_IN): ReturnType<typeof packOf> {
  return packOf({ cbc: program, "licences/cbc.txt": "the licence" });
}
