/**
 * What tests share that run in one process, as `deno test --parallel` has several files do: its umask and its memory.
 *
 * @module
 */

import { join } from "node:path";

/** How much a job's process may grow in a test: what other tests need counts, too. */
export const MAX_GROWTH_BYTES = 4 * 1024 ** 3;

const LOCK = join(Deno.env.get("TMPDIR") ?? "/tmp", `ih-miner-umask-${Deno.pid}.lock`);

/** Sets the umask, and keeps other tests from changing it until it is disposed of. */
export async function holdUmask(umask: number): Promise<Disposable> {
  const file = await Deno.open(LOCK, { create: true, write: true });
  await file.lock(true);
  const before = Deno.umask(umask);
  return {
    [Symbol.dispose]: () => {
      Deno.umask(before);
      file.close();
    },
  };
}

globalThis.addEventListener("unload", () => {
  try {
    Deno.removeSync(LOCK);
  } catch {
    // Another file of this process has removed it, or none has held it.
  }
});
