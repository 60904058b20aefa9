/**
 * Asks the next one, too, when the first one asked takes too long.
 *
 * @module
 */

/** A small question that is not answered within this time is also put to the next endpoint. */
export const HEDGE_AFTER_MS = 2_000;

/** What an attempt is told, and what it tells. */
export interface AttemptContext {
  /** Aborts when another attempt has succeeded. */
  readonly signal: AbortSignal;
  /** Says that there is no progress: the next attempt begins, and this one goes on. */
  stalled(): void;
}

/**
 * One way to a result. Resolves to `null` if it failed, for the next one to begin; a rejection ends all.
 */
export type Attempt<T> = (context: AttemptContext) => Promise<T | null>;

/** The first result. */
export interface Hedged<T> {
  readonly value: T;
  /** Resolves when all other attempts have ended. */
  readonly othersEnded: Promise<void>;
}

/**
 * Makes attempts, one after the other or side by side, until one succeeds. The next one begins when one has failed or
 * says that it has stalled.
 *
 * @param attempts taken only when they are begun.
 * @param discard gets the result of an attempt that succeeds too late.
 * @returns `null` if all attempts failed.
 * @throws what an attempt rejects with, when all others have ended.
 */
export function hedge<T>(
  attempts: Iterable<Attempt<T>>,
  discard: (late: T) => Promise<void> = async () => {},
): Promise<Hedged<T> | null> {
  const first = Promise.withResolvers<Hedged<T> | null>();
  const left = attempts[Symbol.iterator]();
  const running = new Map<AbortController, Promise<void>>();
  let isOver = false;

  const endWith = (settle: (othersEnded: Promise<void>) => void): void => {
    isOver = true;
    for (const controller of running.keys()) controller.abort();
    settle(Promise.all(running.values()).then(() => {}));
  };
  const begin = (): void => {
    if (isOver) return;
    const { done, value: attempt } = left.next();
    if (done) {
      if (running.size === 0) endWith(() => first.resolve(null));
      return;
    }
    const controller = new AbortController();
    let hasHandedOn = false;
    const handOn = (): void => {
      if (hasHandedOn) return;
      hasHandedOn = true;
      begin();
    };
    const run = async (): Promise<void> => {
      try {
        const value = await attempt({ signal: controller.signal, stalled: handOn });
        running.delete(controller);
        if (isOver) {
          if (value !== null) await discard(value);
        } else if (value !== null) {
          endWith((othersEnded) => first.resolve({ value, othersEnded }));
        } else if (running.size === 0) begin();
        else handOn();
      } catch (error) {
        running.delete(controller);
        if (!isOver) endWith((othersEnded) => void othersEnded.then(() => first.reject(error)));
      }
    };
    // Registered before it runs, for an attempt may stall or fail at once.
    const started = Promise.withResolvers<void>();
    running.set(controller, started.promise.then(run));
    started.resolve();
  };
  begin();
  return first.promise;
}
