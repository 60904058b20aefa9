/**
 * The system constants of the protocol (spec, sections 2 to 5 and 9). They are not configurable: validators use the same
 * values, and changing one changes the outcome.
 *
 * @module
 */

/** 10^18: the scale of every FP18 integer. */
export const FP18_ONE = 10n ** 18n;

/** Seconds between two blocks. */
export const BLOCK_TIME_SECONDS = 12;

/** The mechanism whose emission pays the miners. */
export const MECHANISM_ID = 1;

/** How often the commitment job runs, in seconds. */
export const COMMITMENT_INTERVAL_SECONDS = 300;

/** The age from which the agent renews its commitment, in seconds (72 minutes). */
export const COMMITMENT_RENEWAL_AGE_SECONDS = 72 * 60;

/** How often the auction job runs, in seconds. */
export const AUCTION_INTERVAL_SECONDS = 60;

/** The time after which a job is terminated, in seconds. */
export const JOB_TIMEOUT_SECONDS = 120;

/** The auction job waits for the next window if it begins within this many seconds (75 % of the interval). */
export const WINDOW_WAIT_THRESHOLD_SECONDS = 45;

/** How often the waiting job sleeps for a second and reads the head (80 % of the interval). */
export const WINDOW_WAIT_ROUNDS = 48;

/** Blocks in windows 0 to 4 of a validation epoch. */
export const WINDOW_BLOCKS = 60;

/** Windows in a validation epoch. */
export const WINDOWS_PER_EPOCH = 6;

/** Blocks in a validation epoch: its last window has one block more than the others. */
export const VALIDATION_EPOCH_BLOCKS = 361;

/** The longest text of a commitment in UTF-8 bytes, for writing; readers do not check it. */
export const MAX_COMMITMENT_BYTES = 128;

/** The smallest worker of a v2 bid, in PH/s × 10^18. */
export const MIN_WORKER_FP18 = 50_000_000_000_000_000n;

/** The largest worker of a v2 bid, in PH/s × 10^18. */
export const MAX_WORKER_FP18 = 450_000_000_000_000_000n;

/** The most workers one v2 commitment may offer. */
export const MAX_WORKERS = 1000;

/** The only auctioned algorithm. */
export const BID_ALGORITHM = "BTC";

/** Windows that begin at this block or later ignore v1 bids. */
export const V2_ONLY_FROM_BLOCK = 7_414_264;

/** The age at the window's first block from which a bid is dropped, in seconds (150 minutes). */
export const MAX_BID_AGE_SECONDS = 150 * 60;

/** The size of the ban bitmap after a price commitment: one bit per UID from 0 to 255. */
export const BAN_BITMAP_BYTES = 32;

/** The share of stake that a price interval must hold to become the consensus. */
export const CONSENSUS_GAMMA = 0.67;

/** The share of what it won below which a hotkey is banned (spec, section 10). It was 0.95 until November 2025. */
export const BAN_SHARE = 0.1;

/** H/s in a PH/s. */
export const HASHES_PER_PETAHASH = 1e15;

/** The account at the subnet's pool under which hashrate is credited. */
export const SUBNET_ACCOUNT = "sn89auction";

/** The share of the mechanism's emission that goes to miners. */
export const MINERS_SHARE = 0.41;

/** Blocks per day, each of which emits one alpha. */
export const BLOCKS_PER_DAY = 7200n;

/** The highest price multiplier that can win, × 10^18. */
export const MAX_PRICE_FP18 = 1_050_000_000_000_000_000n;

/** In windows that begin at this block or later, lower cost decides between equal hashrates. */
export const COST_TIE_BREAK_FROM_BLOCK = 7_405_572;

/** The limit of branch-and-bound nodes of the validators' solver. */
export const SOLVER_MAX_NODES = 100_000;
