/**
 * One agent for a hotkey on a host: two would take turns in rewriting the proxy's file.
 *
 * A lock of the kernel's, not a pid in a file: it is free again the moment its holder is gone, however it went.
 *
 * @module
 */

import { join } from "node:path";

/** Deno 2.6 has no `tryLock`: a lock that is free is ours well within this time. */
const LOCK_PATIENCE_MS = 300;

/** What must not run twice. */
export interface InstanceIdentity {
  readonly network: string | readonly string[];
  readonly netuid: number;
  /** SS58 address. */
  readonly hotkey: string;
}

/** Another agent already runs for the same network, netuid and hotkey. */
export class InstanceLockedError extends Error {
  override readonly name = "InstanceLockedError";
  constructor(
    readonly path: string,
    readonly holder: string,
    advice = "stop it first, or use --dry-run, which needs no lock",
  ) {
    super(
      `Cannot start: another ih-miner (${holder}) runs for this network, netuid and hotkey and holds ${path}; ` +
        advice,
    );
  }
}

/** A held lock; disposing of it lets the next agent in. */
export interface InstanceLock extends Disposable {
  readonly path: string;
}

/**
 * Takes the lock of an identity. Letting go of it removes its file, and the folder if it was made for it and is
 * still empty: an agent that wrote nothing leaves nothing.
 *
 * @param directory The state folder; made (mode 0700) when missing.
 * @throws {InstanceLockedError} when another process holds it.
 * @throws {Deno.errors.PermissionDenied} (and the like) when the folder cannot be written.
 */
export async function lockInstance(directory: string, identity: InstanceIdentity): Promise<InstanceLock> {
  const isNew = !await exists(directory);
  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${await lockName(identity)}.lock`);
  for (;;) {
    const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
    if (!await tryLock(file)) {
      file.close();
      throw new InstanceLockedError(path, await holderOf(path));
    }
    // Whoever held it before may have removed the file between our opening and our locking it.
    if (!await isSameFile(file, path)) {
      file.close();
      continue;
    }
    await file.truncate();
    await file.write(new TextEncoder().encode(`pid ${Deno.pid}\n`));
    return {
      path,
      [Symbol.dispose]: () => {
        removeIfPossible(path);
        file.close();
        if (isNew) removeIfPossible(directory);
      },
    };
  }
}

/** Locks a file unless somebody else has, and keeps, the lock; says whether it is ours. */
async function tryLock(file: Deno.FsFile): Promise<boolean> {
  let timer: number | undefined;
  const patience = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), LOCK_PATIENCE_MS);
  });
  // Closing the file ends a wait for the lock, which then has nobody to report to.
  const locked = file.lock(true).then(() => true);
  locked.catch(() => {});
  const result = await Promise.race([locked, patience]);
  clearTimeout(timer);
  return result;
}

async function isSameFile(file: Deno.FsFile, path: string): Promise<boolean> {
  const opened = await file.stat();
  try {
    const named = await Deno.stat(path);
    return named.ino === opened.ino && named.dev === opened.dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function holderOf(path: string): Promise<string> {
  try {
    return (await Deno.readTextFile(path)).trim() || "pid unknown";
  } catch {
    return "pid unknown";
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}

/** What is not empty, or not ours any more, stays. */
function removeIfPossible(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It is in nobody's way.
  }
}

/** Holds the lock of one identity at a time, and moves to another one when the configuration does. */
export class InstanceGuard implements Disposable {
  #lock: InstanceLock | null = null;
  #key = "";
  #turn: Promise<void> = Promise.resolve();

  /**
   * Takes the lock of an identity, if it is not held already, and then lets go of the former one.
   *
   * @throws as {@link lockInstance}; the former lock is kept then.
   */
  hold(directory: string, identity: InstanceIdentity): Promise<void> {
    const key = JSON.stringify([directory, identity]);
    const turn = this.#turn.then(async () => {
      if (key === this.#key) return;
      const lock = await lockInstance(directory, identity);
      this.#lock?.[Symbol.dispose]();
      this.#lock = lock;
      this.#key = key;
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  [Symbol.dispose](): void {
    this.#lock?.[Symbol.dispose]();
    this.#lock = null;
  }
}

async function lockName({ network, netuid, hotkey }: InstanceIdentity): Promise<string> {
  const text = JSON.stringify([network, netuid, hotkey]);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return `agent-${digest.slice(0, 8).toHex()}`;
}
