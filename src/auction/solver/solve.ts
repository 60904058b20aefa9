/**
 * The solver as the auction job sees it: the configured engine, with the built-in one as the fallback (spec, section 5).
 *
 * @module
 */

import type { AuctionProblem } from "../inputs/problem.ts";
import { CbcError, type RunCbc } from "./cbc/program.ts";
import { solveWithCbc } from "./cbc_engine.ts";
import { decisiveResult, isDecisive, otherBuildResult } from "./cbc_result.ts";
import { type GlpkSolveOptions, solveWithGlpk } from "./glpk_engine.ts";
import { singleSizeWins } from "./single_size.ts";
import { certainResult } from "./outcome.ts";
import type { EngineChoice, SolverResult } from "./types.ts";

/** Options of `solveAuction`. */
export interface SolveAuctionOptions
  extends Pick<GlpkSolveOptions, "ownHotkey" | "prefer" | "stateLimit" | "now"> {
  /** The engine asked for. */
  readonly engine: EngineChoice;
  /** The CBC program by its full path, with leading arguments; `null` when there is none (see `locateProgram`). */
  readonly cbc: readonly string[] | null;
  /** A private folder for the files exchanged with CBC; `null` when there is none. */
  readonly folder: string | null;
  /** The job's remaining time for the whole call, in milliseconds. */
  readonly timeLimitMs: number;
  /** Ends the call, and CBC with it; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Runs CBC. @default runCbc */
  readonly runCbc?: RunCbc;
}

/** The share of the time reserved for the built-in engine in case CBC fails. */
const FALLBACK_SHARE = 0.2;
const FALLBACK_LIMIT_MS = 10_000;

/**
 * Solves one auction. When CBC is to decide and gives no outcome, the built-in engine decides and `fallbackReason` says
 * why.
 *
 * @throws {RangeError} when the problem or an option is malformed
 * @throws the signal's reason when it is aborted
 */
export async function solveAuction(
  problem: AuctionProblem,
  options: SolveAuctionOptions,
): Promise<SolverResult> {
  const { engine, cbc, folder, timeLimitMs, signal, runCbc, now = () => performance.now() } = options;
  const { ownHotkey, prefer } = options;
  const startedMs = now();
  signal?.throwIfAborted();
  const ruledWins = singleSizeWins(problem);
  const builtIn = async (limitMs: number): Promise<SolverResult> => {
    signal?.throwIfAborted();
    if (ruledWins !== null) return ruledResult(problem, ruledWins, ownHotkey, now() - startedMs);
    return await solveWithGlpk(problem, { ...options, timeLimitMs: Math.max(0, limitMs) });
  };
  const fallBack = async (fallbackReason: string): Promise<SolverResult> => {
    const result = await builtIn(timeLimitMs - (now() - startedMs));
    return { ...result, fallbackReason, durationMs: now() - startedMs };
  };
  // Validators run no solver either when no worker enters the auction.
  if (engine === "glpk" || problem.items.length === 0) return await builtIn(timeLimitMs);
  // The rule gives what their program would find, whichever build is here. Who asks for cbc gets cbc.
  if (engine === "auto" && (ruledWins !== null || cbc === null)) return await builtIn(timeLimitMs);
  if (cbc === null) {
    return await fallBack(
      "no cbc program was found; set [solver] cbc or IH_MINER_CBC to its path " +
        "(scripts/install-cbc.sh gets the validators' build)",
    );
  }
  if (folder === null) return await fallBack("there is no folder for the files exchanged with cbc");

  const reservedMs = Math.min(FALLBACK_LIMIT_MS, timeLimitMs * FALLBACK_SHARE);
  let outcome: Awaited<ReturnType<typeof solveWithCbc>>;
  try {
    outcome = await solveWithCbc(problem, {
      command: cbc,
      folder,
      timeLimitMs: timeLimitMs - reservedMs,
      ...(signal === undefined ? {} : { signal }),
      ...(runCbc === undefined ? {} : { run: runCbc }),
    });
  } catch (error) {
    if (!(error instanceof CbcError)) throw error;
    return await fallBack(error.message);
  }
  if (isDecisive(outcome)) {
    return decisiveResult(problem, outcome, { ownHotkey, prefer, durationMs: now() - startedMs });
  }
  const estimate = await builtIn(timeLimitMs - (now() - startedMs));
  return otherBuildResult(problem, outcome, estimate, { ownHotkey, prefer, durationMs: now() - startedMs });
}

/** The outcome that the single-size rule gives: optimal, and the validators' own. */
function ruledResult(
  { items }: AuctionProblem,
  wins: readonly number[],
  ownHotkey: string | null,
  durationMs: number,
): SolverResult {
  return certainResult(items, wins, ownHotkey, {
    engine: "glpk",
    decidedBy: "single-size rule",
    provenOptimal: true,
    build: null,
    durationMs,
  });
}
