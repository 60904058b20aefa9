/**
 * Allows one agent per hotkey on a host: two would overwrite each other's routing.
 *
 * It is a kernel lock, not a PID in a file, so it is free as soon as its holder has ended, however it ended.
 *
 * @module
 */

import { join } from "node:path";
import { sha256Hex } from "../lib/sha256.ts";
import { openOwn } from "../lib/own_file.ts";
import { within } from "../lib/within.ts";

/** Deno 2.6 has no `tryLock`: acquiring a free lock takes far less than this. */
const LOCK_PATIENCE_MS = 300;

/** The bidder for which only one agent may run. */
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

/** A held lock; disposing of it releases it. */
export interface InstanceLock extends Disposable {
  readonly path: string;
}

/**
 * Takes the lock of a bidder. Releasing it removes its file, and the folder if it was created for it and is still empty,
 * so that an agent that wrote nothing leaves nothing behind.
 *
 * @param directory the state folder; created with mode 0700 if missing.
 * @throws {InstanceLockedError} if another process holds the lock.
 * @throws {Deno.errors.PermissionDenied} and other file system errors if the folder cannot be written.
 */
export async function lockInstance(directory: string, identity: InstanceIdentity): Promise<InstanceLock> {
  const isNew = !await exists(directory);
  await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${await lockName(identity)}.lock`);
  for (;;) {
    const file = await openOwn(path);
    // Closing the file later rejects a pending lock.
    if (!await within(LOCK_PATIENCE_MS, file.lock(true))) {
      file.close();
      throw new InstanceLockedError(path, await holderOf(path));
    }
    // The previous holder may have removed the file after it was opened here.
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

/** Removes a file or an empty folder. */
function removeIfPossible(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It may be in use, or already gone.
  }
}

/** Holds the lock of one bidder at a time and changes it with the configuration. */
export class InstanceGuard implements Disposable {
  #lock: InstanceLock | null = null;
  #key = "";
  #turn: Promise<void> = Promise.resolve();

  /**
   * Takes the lock of a bidder, unless it is held already, and then releases the previous one.
   *
   * @throws as {@link lockInstance}; the previous lock is kept then.
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
  return `agent-${(await sha256Hex(new TextEncoder().encode(text))).slice(0, 16)}`;
}
