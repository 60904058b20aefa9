/**
 * The umask is one for the whole process, in which `deno test --parallel` runs several files.
 *
 * @module
 */

import { join } from "node:path";

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
