/**
 * What happens in each window of a soak, drawn from the seed. Pure.
 *
 * @module
 */

import type { Random } from "../random.ts";

/** How the operator's hook behaves: it succeeds, exits with 1, or runs until it is stopped. */
export type HookMood = "well" | "fails" | "hangs";
/** What is wrong with one of the ASICs. */
export type MachineMishap = "unplugged" | "liar" | "slow";
/** What the operator does to a file. */
export type Edit = "configuration" | "broken configuration" | "proxy file" | "proxy file replaced";

/** Everything that happens in one window. */
export interface WindowPlan {
  /** Edits before the window. A changed bid is part of `configuration`. */
  readonly edits: readonly Edit[];
  /** Whether the fault of the line is set before the bid is published, or before the auction. `null`: no fault. */
  readonly faultAt: "bid" | "auction" | null;
  /** Numbers from 0 to 1 that choose fault and stage from lists. */
  readonly faultChoice: number;
  readonly stageChoice: number;
  readonly hook: HookMood;
  readonly mishap: MachineMishap | null;
  readonly mishapChoice: number;
  /** How long cbc waits before it begins, in seconds. */
  readonly cbcDelaySeconds: number;
  /** When SIGHUP comes, in milliseconds from the window's first block; `null`: not at all. */
  readonly hangUpAfterMs: number | null;
  /** What the host's clock is set to before the window, in seconds off the real time; `null`: it is left alone. */
  readonly clockOffsetSeconds: number | null;
  /** Whether the chain replaces its last block by another one, shortly after the window's first block. */
  readonly isReorganised: boolean;
}

/** Off the real time by up to ten hours. */
const CLOCK_OFFSETS_SECONDS = [0, 30, -30, 3_600, -3_600, 10_800, -10_800, 36_000, -36_000];
/** SIGHUP and SIGKILL come while the window's first block is being processed. */
const SIGNAL_WITHIN_MS = 2_500;

/** Draws a window. It always takes the same number of random numbers, so that a plan depends on the seed alone. */
export function planWindow(random: Random): WindowPlan {
  const chance = (share: number): boolean => random.next() < share;
  const [bid, broken, proxy, replaced] = [chance(0.4), chance(0.1), chance(0.2), chance(0.1)];
  const [isFaulty, isAtBid] = [chance(0.8), chance(0.3)];
  const [faultChoice, stageChoice, mishapChoice] = [random.next(), random.next(), random.next()];
  const hook = random.pick<HookMood>(["well", "well", "well", "fails", "hangs"]);
  const mishap = random.pick<MachineMishap | null>([null, null, null, "unplugged", "liar", "slow"]);
  const cbcDelaySeconds = random.pick([0, 0, 0, 1, 2, 4]);
  const [isHungUp, hangUpAfterMs] = [chance(0.3), random.integer(0, SIGNAL_WITHIN_MS)];
  const [steps, clockOffsetSeconds] = [chance(0.15), random.pick(CLOCK_OFFSETS_SECONDS)];
  const isReorganised = chance(0.15);
  return {
    edits: [
      ...(bid ? ["configuration"] as const : []),
      ...(broken ? ["broken configuration"] as const : []),
      ...(proxy ? ["proxy file"] as const : []),
      ...(replaced ? ["proxy file replaced"] as const : []),
    ],
    faultAt: !isFaulty ? null : bid && isAtBid ? "bid" : "auction",
    faultChoice,
    stageChoice,
    hook,
    mishap,
    mishapChoice,
    cbcDelaySeconds,
    hangUpAfterMs: isHungUp ? hangUpAfterMs : null,
    clockOffsetSeconds: steps ? clockOffsetSeconds : null,
    isReorganised,
  };
}

/** A SIGKILL. */
export interface Kill {
  /** The kill comes in the first window that begins after this many milliseconds of the soak. */
  readonly notBeforeMs: number;
  /** Milliseconds from that window's first block. */
  readonly afterMs: number;
}

/** How often the agent is killed. */
export const KILL_EVERY_MS = 5 * 60_000;

/**
 * One SIGKILL in each full five minutes: early in one, late in the next. So some lives are short, and others last for nine
 * minutes or more, which is long enough to see growth.
 */
export function planKills(minutes: number, random: Random): Kill[] {
  return Array.from({ length: Math.floor(minutes * 60_000 / KILL_EVERY_MS) }, (_, i) => {
    const share = (i % 2 === 0 ? 0.05 : 0.85) + 0.1 * random.next();
    return {
      notBeforeMs: Math.round((i + share) * KILL_EVERY_MS),
      afterMs: random.integer(0, SIGNAL_WITHIN_MS),
    };
  });
}

/** The element of a list that a number from 0 to below 1 chooses. */
export function chosen<T>(list: readonly T[], choice: number): T {
  if (list.length === 0) throw new RangeError("Cannot choose from an empty list");
  return list[Math.min(list.length - 1, Math.floor(choice * list.length))]!;
}
