/// <reference no-default-lib="true" />
/// <reference lib="deno.unstable" />
/// <reference lib="deno.worker" />
/**
 * The worker of `ih-miner check`: may do what the commitment job may, and submits nothing.
 *
 * @module
 */

import "../../agent/workers/seal.ts";
import { type ChainLook, type ChainLookInput, lookAtChain } from "./chain_look.ts";
import { serveJob } from "../../agent/workers/worker_side.ts";

serveJob<ChainLookInput, ChainLook>((input, { step }) => lookAtChain(input, step));
