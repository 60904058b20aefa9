/**
 * Waiting with a limit.
 *
 * @module
 */

/**
 * Waits for work, but at most this long. It does not end the work; a rejection after that time is ignored.
 *
 * @returns whether the work was done in time.
 * @throws what the work rejects with in time.
 */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: number | undefined;
  const patience = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), ms));
  try {
    return await Promise.race([work.then(() => true), patience]);
  } finally {
    clearTimeout(timer);
  }
}
