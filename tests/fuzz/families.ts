/**
 * All families of fuzz cases.
 *
 * @module
 */

import type { Family } from "./family.ts";
import { brokenPoolFiles, poolFiles } from "./pools.ts";
import { brokenProfileFiles, profileFiles } from "./profiles.ts";

/** In the order of the table. */
export const FAMILIES: readonly Family[] = [
  poolFiles,
  brokenPoolFiles,
  profileFiles,
  brokenProfileFiles,
];
