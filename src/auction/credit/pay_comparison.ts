/**
 * What the chain paid, against what our own results promise (spec, section 10).
 *
 * @module
 */

import { WINDOWS_PER_EPOCH } from "../protocol/constants.ts";
import type { ValidationEpoch } from "./weights_origin.ts";

/** What a window is expected to pay our hotkey, if all that it won is credited. */
export interface WindowPay {
  readonly firstBlock: number;
  /** For what it won, by the outcome that the solver names. */
  readonly ownAlpha: number;
  /** For what it won in every one of several equally good outcomes. */
  readonly certainAlpha: number;
  /** All miners and what burns. */
  readonly totalAlpha: number;
  /** Whether validators may have no result for this window. */
  readonly isEstimated: boolean;
}

/** What an epoch of the chain paid our hotkey. */
export interface EpochPay {
  /** The block that ended the epoch. */
  readonly paidAtBlock: number;
  /** The share of the miners' emission of mechanism 1, 0 to 1. */
  readonly paidShare: number;
  /** Over all mechanisms and dividends included; `null` if the chain does not tell. */
  readonly paidAlpha: number | null;
}

/**
 * - `unknown`: some of the windows were not seen, or their results are guesses
 * - `nothing-certain`: nothing was won for certain, so no pay is too little
 * - `short`: less than {@link SHORT_SHARE} of what is certain was paid
 */
export type PayVerdict = "unknown" | "nothing-certain" | "as-expected" | "short";

/** An epoch's pay beside what was expected. */
export interface PayComparison extends EpochPay {
  /** The windows that it pays for. */
  readonly origin: ValidationEpoch;
  /** How many of them were seen. */
  readonly windowsSeen: number;
  /** `null` unless all were seen. */
  readonly expectedShare: number | null;
  /** What is expected whichever of several equally good outcomes validators have; `null` unless all windows were seen. */
  readonly certainShare: number | null;
  /** `null` unless all windows were seen. */
  readonly expectedAlpha: number | null;
  readonly verdict: PayVerdict;
}

/** Several epochs in a row that paid too little. */
export interface PayShortfall {
  readonly epochs: number;
  /** The block that ended the first of them. */
  readonly sincePaidAtBlock: number;
  /** On average. */
  readonly expectedShare: number;
  /** On average. */
  readonly paidShare: number;
}

/** What is known of the pay. Plain data. */
export interface PayReport {
  /** In the order of the epochs. */
  readonly comparisons: readonly PayComparison[];
  /** `null` unless the last epochs paid too little. */
  readonly shortfall: PayShortfall | null;
  /** The first block whose pay can be compared: before it, too few of our own results are known. */
  readonly comparableFromBlock: number;
}

/** The part of the expected share below which an epoch has paid too little. */
export const SHORT_SHARE = 0.85;
/** So many epochs in a row must have paid too little. */
export const SHORT_EPOCHS = 6;
/** Weights and incentives are whole shares of 65535, each rounded once. */
const ROUNDING_SHARE = 2 / 65_535;

/**
 * Compares an epoch's pay with what is expected for its windows.
 *
 * @param windows what is known, of these windows and others.
 */
export function comparePay(
  paid: EpochPay,
  origin: ValidationEpoch,
  windows: Iterable<WindowPay>,
): PayComparison {
  const seen = [...windows].filter(({ firstBlock }) =>
    origin.firstBlock <= firstBlock && firstBlock <= origin.lastBlock
  );
  const windowsSeen = new Set(seen.map(({ firstBlock }) => firstBlock)).size;
  const isWhole = windowsSeen === WINDOWS_PER_EPOCH;
  const shareOf = (alphaOf: (window: WindowPay) => number): number | null => {
    const totalAlpha = sum(seen.map((window) => window.totalAlpha));
    if (!isWhole) return null;
    return totalAlpha > 0 ? sum(seen.map(alphaOf)) / totalAlpha : 0;
  };
  const expectedShare = shareOf(({ ownAlpha }) => ownAlpha);
  const certainShare = shareOf(({ certainAlpha }) => certainAlpha);
  const isKnown = certainShare !== null && !seen.some(({ isEstimated }) => isEstimated);
  const verdict = isKnown ? judge(certainShare, paid.paidShare) : "unknown";
  const expectedAlpha = isWhole ? sum(seen.map(({ ownAlpha }) => ownAlpha)) : null;
  return { ...paid, origin, windowsSeen, expectedShare, certainShare, expectedAlpha, verdict };
}

function judge(certainShare: number, paidShare: number): PayVerdict {
  if (certainShare === 0) return "nothing-certain";
  return paidShare + ROUNDING_SHARE < SHORT_SHARE * certainShare ? "short" : "as-expected";
}

/**
 * Whether the last {@link SHORT_EPOCHS} epochs that can be judged all paid too little. Epochs that cannot be judged neither
 * count nor interrupt.
 *
 * @param comparisons in the order of the epochs.
 * @returns `null` if they did not.
 */
export function findPayShortfall(comparisons: readonly PayComparison[]): PayShortfall | null {
  const judged = comparisons.filter(({ verdict }) => verdict === "short" || verdict === "as-expected");
  const lastGood = judged.findLastIndex(({ verdict }) => verdict === "as-expected");
  const short = judged.slice(lastGood + 1);
  const [first] = short;
  if (first === undefined || short.length < SHORT_EPOCHS) return null;
  const mean = (shareOf: (comparison: PayComparison) => number): number =>
    sum(short.map(shareOf)) / short.length;
  return {
    epochs: short.length,
    sincePaidAtBlock: first.paidAtBlock,
    expectedShare: mean(({ expectedShare }) => expectedShare ?? 0),
    paidShare: mean(({ paidShare }) => paidShare),
  };
}

/** A shortfall in one sentence with its likely causes, the likeliest first. */
export function describePayShortfall({ epochs, expectedShare, paidShare }: PayShortfall): string {
  const [identity, ban, delivery, build] = [
    "the worker id at the subnet's pool is credited to nobody or to another hotkey",
    "the hotkey is banned",
    "less hashrate is delivered than is won",
    "the validators' build of the solver finds other winners",
  ];
  // Without any credit there is no pay at all; with other winners or too little delivery there mostly is some.
  const causes = paidShare === 0 ? [identity, ban, delivery, build] : [delivery, build, identity, ban];
  return `For ${epochs} epochs in a row the chain has paid less than ${
    SHORT_SHARE * 100
  } % of the share that our ` +
    `results promise: ${percent(paidShare)} instead of ${percent(expectedShare)} on average. ` +
    `Likely causes: ${causes.slice(0, -1).join("; ")}; or ${causes.at(-1)}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
