/**
 * The space limit of the Commitments pallet: the bytes that a hotkey may commit in an epoch. Pure.
 *
 * @module
 */

/**
 * The first block in which the space that a hotkey has used up is free again: the pallet counts anew in each epoch
 * `(block + netuid + 1) div (tempo + 1)`.
 *
 * @param block a block in the epoch whose space is used up.
 */
export function nextSpaceEpoch(netuid: number, tempo: number, block: number): number {
  const epoch = Math.floor((block + netuid + 1) / (tempo + 1));
  return (epoch + 1) * (tempo + 1) - netuid - 1;
}
