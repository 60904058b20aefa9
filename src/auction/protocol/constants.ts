/**
 * The system constants of the protocol (spec, sections 2 to 5 and 9). None of them is configurable: they are what
 * the validators use, and changing one changes the outcome.
 *
 * @module
 */

/** 10^18: the scale of every FP18 integer. */
export const FP18_ONE = 10n ** 18n;

/** Seconds between two blocks. */
export const BLOCK_TIME_SECONDS = 12;

/** The mechanism of the subnet whose emission pays the miners. */
export const MECHANISM_ID = 1;

/** How often the commitment job runs, in seconds. */
export const COMMITMENT_INTERVAL_SECONDS = 300;

/** An own commitment of this age or older is published again, in seconds (72 minutes). */
export const COMMITMENT_RENEWAL_AGE_SECONDS = 72 * 60;

/** How often the auction job runs, in seconds. */
export const AUCTION_INTERVAL_SECONDS = 60;

/** A job that takes longer is terminated, in seconds. */
export const JOB_TIMEOUT_SECONDS = 120;

/** The auction job waits for the next window when it begins within this many seconds (75 % of the interval). */
export const WINDOW_WAIT_THRESHOLD_SECONDS = 45;

/** How many times the waiting job sleeps for a second and looks at the head (80 % of the interval). */
export const WINDOW_WAIT_ROUNDS = 48;

/** Blocks in windows 0 to 4 of a validation epoch. */
export const WINDOW_BLOCKS = 60;

/** Windows in a validation epoch. */
export const WINDOWS_PER_EPOCH = 6;

/** Blocks in a validation epoch: its last window has one block more than the others. */
export const VALIDATION_EPOCH_BLOCKS = 361;

/** The largest text of a commitment, in bytes of UTF-8. It holds when writing; readers do not check it. */
export const MAX_COMMITMENT_BYTES = 128;

/** The smallest worker of a v2 bid, in PH/s × 10^18. */
export const MIN_WORKER_FP18 = 50_000_000_000_000_000n;

/** The largest worker of a v2 bid, in PH/s × 10^18. */
export const MAX_WORKER_FP18 = 450_000_000_000_000_000n;

/** The most workers one v2 commitment may offer. */
export const MAX_WORKERS = 1000;

/** The only algorithm that is auctioned. */
export const BID_ALGORITHM = "BTC";

/** From this first block of a window on, v1 bids are ignored. */
export const V2_ONLY_FROM_BLOCK = 7_414_264;

/** A bid of this age or older at the window's first block is dropped, in seconds (150 minutes). */
export const MAX_BID_AGE_SECONDS = 150 * 60;

/** Bytes of the ban bitmap behind a price commitment: one bit for each UID from 0 to 255. */
export const BAN_BITMAP_BYTES = 32;

/** The share of stake that a price interval must hold to become the consensus. */
export const CONSENSUS_GAMMA = 0.67;

/** The share of the mechanism's emission that goes to miners. */
export const MINERS_SHARE = 0.41;

/** The blocks of a day, each of which emits one alpha. */
export const BLOCKS_PER_DAY = 7200n;

/** The highest price multiplier that can win, × 10^18. */
export const MAX_PRICE_FP18 = 1_050_000_000_000_000_000n;

/** From this first block of a window on, equal hashrate is decided by lower cost. */
export const COST_TIE_BREAK_FROM_BLOCK = 7_405_572;

/** The branch-and-bound nodes after which the validators' solver stops. */
export const SOLVER_MAX_NODES = 100_000;
