/**
 * All families of fuzz cases.
 *
 * @module
 */

import { bids, bitmaps, prices } from "./commitments.ts";
import type { Family } from "./family.ts";
import { brokenMinerAnswers, minerAnswers } from "./miners.ts";
import { brokenPoolFiles, poolFiles } from "./pools.ts";
import { brokenProfileFiles, profileFiles } from "./profiles.ts";

/** In the order of the table. */
export const FAMILIES: readonly Family[] = [
  bids,
  prices,
  bitmaps,
  poolFiles,
  brokenPoolFiles,
  profileFiles,
  brokenProfileFiles,
  minerAnswers,
  brokenMinerAnswers,
];
