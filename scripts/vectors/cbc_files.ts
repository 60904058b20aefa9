import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { buildItems } from "../../src/auction/inputs/items.ts";
import { type AuctionProblem, objectiveOfWindow } from "../../src/auction/inputs/problem.ts";
import { listWinners } from "../../src/auction/winners.ts";
import { budgetCap } from "../../src/auction/protocol/budget.ts";
import { cbcArguments } from "../../src/auction/solver/cbc/arguments.ts";
import { writeMps } from "../../src/auction/solver/cbc/mps.ts";
import { readSolution } from "../../src/auction/solver/cbc/solution.ts";
import { bidsInOrder, bidTuples, type VectorChecker } from "./checker.ts";
import { findReferenceCbc, solveLikeValidators } from "../parity/reference_cbc.ts";

const input = z.strictObject({
  bids_by_hotkey: z.record(z.string(), bidTuples),
  budget_ph: z.string(),
  cbc_seed: z.int(),
  start_block: z.int(),
});
const expected = z.strictObject({
  mps: z.string().nullable(),
  arguments: z.array(z.string()),
  solution: z.string().nullable(),
  winners: z.array(z.unknown()),
});

const reference = await findReferenceCbc();

/** `cbc-files.json`: the files written for CBC, the solution read from it, and the winners that it picks if installed. */
export const cbcFiles: VectorChecker = {
  async compute(vector): Promise<unknown> {
    const request = input.parse(vector.input);
    const { solution } = expected.parse(vector.expected);
    const cap = budgetCap(Number(request.budget_ph));
    const problem: AuctionProblem = {
      items: cap === null ? [] : buildItems(bidsInOrder(request.bids_by_hotkey), cap).items,
      cap: cap ?? 0n,
      objective: objectiveOfWindow(request.start_block),
      seed: request.cbc_seed,
    };
    // With nothing to solve, the agent writes no file and runs no program.
    if (problem.items.length === 0) return { mps: null, arguments: [], read: [], picked: null };
    return {
      mps: writeMps(problem),
      arguments: cbcArguments("IN.mps", "OUT.sol", request.cbc_seed),
      read: solution === null ? [] : toWinners(problem, readSolution(solution, problem)),
      picked: "path" in reference
        ? toWinners(problem, await solveLikeValidators(reference.path, problem))
        : null,
    };
  },
  matches(got, vector): boolean {
    const { picked, ...files } = got as { picked: unknown[] | null };
    const { mps, arguments: words, winners } = expected.parse(vector.expected);
    return isDeepStrictEqual(files, { mps, arguments: words, read: winners }) &&
      (picked === null || isDeepStrictEqual(picked, winners));
  },
  skippedParts: () =>
    "path" in reference ? [] : [`which workers the validators' build of CBC picks (${reference.absence})`],
};

function toWinners({ items }: AuctionProblem, wins: readonly number[]): unknown[] {
  return listWinners(items, wins).flatMap(({ hotkey, sizeText, priceFp18, count }) =>
    Array.from({ length: count }, () => ({ hotkey, hashrate: sizeText, price_fp18: priceFp18.toString() }))
  );
}
