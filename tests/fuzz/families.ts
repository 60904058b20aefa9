/**
 * All families of fuzz cases.
 *
 * @module
 */

import { brokenRecords, metadatas, nodeFrames, records } from "./chain.ts";
import { bids, bitmaps, prices } from "./commitments.ts";
import { brokenConfigurations, configurations } from "./configuration.ts";
import type { Family } from "./family.ts";
import { auctionAnswers, otherAnswers, workerMessages } from "./messages.ts";
import { brokenMetricPages, metricPages } from "./metrics.ts";
import { snapshots } from "./snapshots.ts";
import { walletFiles } from "./wallets.ts";
import { brokenWorkerLists, workerLists } from "./workers_api.ts";
import { httpRequests } from "./http.ts";
import { brokenMinerAnswers, minerAnswers } from "./miners.ts";
import { brokenPoolFiles, poolFiles } from "./pools.ts";
import { brokenProfileFiles, profileFiles } from "./profiles.ts";

/** In the order of the table. */
export const FAMILIES: readonly Family[] = [
  bids,
  prices,
  bitmaps,
  records,
  brokenRecords,
  metadatas,
  nodeFrames,
  poolFiles,
  brokenPoolFiles,
  profileFiles,
  brokenProfileFiles,
  minerAnswers,
  brokenMinerAnswers,
  metricPages,
  brokenMetricPages,
  workerLists,
  brokenWorkerLists,
  walletFiles,
  configurations,
  brokenConfigurations,
  snapshots,
  workerMessages,
  auctionAnswers,
  otherAnswers,
  httpRequests,
];
