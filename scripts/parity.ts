/**
 * `deno task parity [--instances N] [--seed S] [--time-limit SECONDS] [--cbc PATH]`: solves generated auctions with CBC
 * and with the built-in engine, and prints how far the two agree as a Markdown table.
 *
 * @module
 */

import type { AuctionProblem } from "../src/auction/inputs/problem.ts";
import { CbcError, identifyCbc, isValidatorBuild } from "../src/auction/solver/cbc/program.ts";
import { parseArguments, UsageError } from "../src/lib/args.ts";
import { locateProgram } from "../src/lib/program.ts";
import { solveWithCbc } from "../src/auction/solver/cbc_engine.ts";
import { solveAllRanges, solveWithGlpk } from "../src/auction/solver/glpk_engine.ts";
import { singleSizeWins } from "../src/auction/solver/single_size.ts";
import { totalsOfWins } from "../src/auction/solver/outcome.ts";
import {
  type AuctionScale,
  FAMILIES,
  type Family,
  generateAuction,
  LARGE_SCALE,
  ORDINARY_SCALE,
  SMALL_SCALE,
} from "./parity/families.ts";
import { findReferenceCbc } from "./parity/reference_cbc.ts";
import { Random } from "./random.ts";
import { complain, say, wholeNumber } from "./command_line.ts";

const HELP = `Compares the built-in solver with CBC on generated auctions.

Usage: deno task parity [options]

  --instances N         auctions per family (default 5)
  --seed S              the first seed (default 1); auction i of a family has seed S + i
  --time-limit SECONDS  start no auction after this time (default 150)
  --cbc PATH            the CBC program (default: the validators' build, from IH_MINER_CBC, the PATH, or where
                        scripts/install-cbc.sh puts it)
`;

/** A CBC run that takes longer is killed. */
const CBC_LIMIT_MS = 60_000;
const RANGES_LIMIT_MS = 10_000;

const COUNTS = {
  instances: 0,
  sameWins: 0,
  sameValue: 0,
  belowValue: 0,
  belowCost: 0,
  unproven: 0,
  ambiguous: 0,
  withinRanges: 0,
  ruled: 0,
  ruledRight: 0,
  inexactRanges: 0,
  failed: 0,
};

/** A row of the table. */
class Row {
  readonly counts = { ...COUNTS };
  readonly cbcMs: number[] = [];
  readonly glpkMs: number[] = [];

  constructor(readonly name: string) {}

  add(other: Row): void {
    for (const key of Object.keys(COUNTS) as (keyof typeof COUNTS)[]) this.counts[key] += other.counts[key];
    this.cbcMs.push(...other.cbcMs);
    this.glpkMs.push(...other.glpkMs);
  }

  toMarkdown(): string {
    const { instances, unproven, inexactRanges, ruled, ruledRight, ...counts } = this.counts;
    const share = (count: number): string => instances === 0 ? "–" : `${count}/${instances}`;
    return "| " + [
      this.name,
      share(counts.sameWins),
      share(counts.sameValue),
      share(counts.belowValue),
      share(counts.belowCost),
      share(counts.ambiguous),
      share(counts.withinRanges),
      ruled === 0 ? "–" : `${ruledRight}/${ruled}`,
      `${quantile(this.cbcMs, 0.5)} / ${quantile(this.cbcMs, 1)}`,
      `${quantile(this.glpkMs, 0.5)} / ${quantile(this.glpkMs, 1)}`,
      unproven + inexactRanges === 0 ? "all" : `${unproven} / ${inexactRanges} open`,
    ].join(" | ") + " |";
  }
}

const TABLE_HEAD = [
  "| family | same wins of every hotkey | same total value | CBC below optimum: value | only cost | ambiguous " +
  "| CBC within the ranges | single-size rule right | CBC ms: median / max | glpk ms: median / max " +
  "| glpk proven: optimum / ranges |",
  "|---|---|---|---|---|---|---|---|---|---|---|",
].join("\n");

async function main(): Promise<number> {
  const { values, positionals } = parseArguments(Deno.args, {
    instances: { type: "string", default: "5" },
    seed: { type: "string", default: "1" },
    "time-limit": { type: "string", default: "150" },
    cbc: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (positionals.length > 0) throw new UsageError(`Unexpected argument "${positionals[0]}"`);
  if (values.help === true) {
    say(HELP);
    return 0;
  }
  const instances = wholeNumber("--instances", values.instances, 1);
  const seed = wholeNumber("--seed", values.seed, 1);
  const deadline = performance.now() + wholeNumber("--time-limit", values["time-limit"], 1) * 1000;
  const program = await findProgram(values.cbc as string | undefined);
  if (program === null) return 1;

  const rows = new Map<string, Row>();
  const tasks = plan(instances, seed);
  /** Takes one auction after the other. Several of these run at once, because CBC is another process. */
  const work = async (): Promise<void> => {
    const folder = await Deno.makeTempDir({ prefix: "ih-miner-parity-" });
    try {
      for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
        if (performance.now() >= deadline) return;
        const row = rows.get(task.row) ?? new Row(task.row);
        rows.set(task.row, row);
        await compare(generateAuction(task.family, task.scale, task.seed), program, folder, row);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, navigator.hardwareConcurrency) }, work));
  const total = new Row("**all**");
  for (const row of rows.values()) total.add(row);
  say([TABLE_HEAD, ...[...rows.values(), total].map((row) => row.toMarkdown())].join("\n"));
  const { failed } = total.counts;
  if (failed > 0) say(`CBC gave no outcome in ${failed} more auctions.`);
  return 0;
}

/** The auctions in the order of solving: round by round, so that a run that ends early covers every family. */
function plan(
  instances: number,
  seed: number,
): { row: string; family: Family; scale: AuctionScale; seed: number }[] {
  const tasks = [];
  for (let instance = 0; instance < instances; instance++) {
    for (const family of FAMILIES) {
      const scale = instance % 2 === 0 ? SMALL_SCALE : ORDINARY_SCALE;
      tasks.push({ row: family.name, family, scale, seed: seed + instance });
    }
    for (const family of FAMILIES.filter(({ isCommon }) => isCommon)) {
      tasks.push({ row: `large: ${family.name}`, family, scale: LARGE_SCALE, seed: seed + instance });
    }
  }
  return tasks;
}

/** Solves one auction both ways and counts what agrees. */
async function compare(
  problem: AuctionProblem,
  program: string,
  folder: string,
  { counts, cbcMs, glpkMs }: Row,
): Promise<void> {
  const hotkeys = [...new Set(problem.items.map(({ hotkey }) => hotkey))];
  const ownHotkey = new Random(problem.seed).pick(hotkeys);
  let cbcWins: readonly number[];
  const cbcStartMs = performance.now();
  try {
    ({ wins: cbcWins } = await solveWithCbc(problem, {
      command: [program],
      folder,
      timeLimitMs: CBC_LIMIT_MS,
    }));
  } catch (error) {
    if (!(error instanceof CbcError)) throw error;
    counts.failed++;
    return;
  }
  cbcMs.push(performance.now() - cbcStartMs);
  const glpk = await solveWithGlpk(problem, { ownHotkey, prefer: "most-own" });
  glpkMs.push(glpk.durationMs);
  const ranges = await solveAllRanges(problem, { timeLimitMs: RANGES_LIMIT_MS });
  const cbc = totalsOfWins(problem.items, cbcWins);

  counts.instances++;
  if (hotkeys.every((hotkey) => winsOf(hotkey, problem, cbcWins) === winsOf(hotkey, problem, glpk.wins))) {
    counts.sameWins++;
  }
  if (cbc.totalValue === glpk.totalValue) counts.sameValue++;
  if (cbc.totalValue < glpk.totalValue) counts.belowValue++;
  if (cbc.totalValue === glpk.totalValue && cbc.totalCost > glpk.totalCost) counts.belowCost++;
  if (glpk.provenOptimal !== true) counts.unproven++;
  if (ranges.hotkeys.some(({ workers }) => workers.fewest !== workers.most)) counts.ambiguous++;
  if (ranges.hotkeys.some(({ exact }) => !exact)) counts.inexactRanges++;
  const isWithin = ranges.hotkeys.every(({ hotkey, workers, runs }) => {
    const won = winsOf(hotkey, problem, cbcWins);
    return won >= workers.fewest && won <= workers.most &&
      runs.every((run) =>
        cbcWins[run.itemIndex]! >= run.won.fewest && cbcWins[run.itemIndex]! <= run.won.most
      );
  });
  if (isWithin) counts.withinRanges++;
  const ruledWins = singleSizeWins(problem);
  if (ruledWins === null) return;
  counts.ruled++;
  if (hotkeys.every((hotkey) => winsOf(hotkey, problem, cbcWins) === winsOf(hotkey, problem, ruledWins))) {
    counts.ruledRight++;
  }
}

function winsOf(hotkey: string, { items }: AuctionProblem, wins: readonly number[]): number {
  return items.reduce((sum, item, index) => sum + (item.hotkey === hotkey ? wins[index]! : 0), 0);
}

/** The CBC program to compare with. Prints which build it is, or why there is none. */
async function findProgram(named: string | undefined): Promise<string | null> {
  if (named === undefined) {
    const reference = await findReferenceCbc();
    if ("path" in reference) {
      say(`CBC: the validators' build, ${reference.path}\n`);
      return reference.path;
    }
    complain(`There is no CBC to compare with: ${reference.absence}`);
    return null;
  }
  const path = await locateProgram(named, Deno.env.get("PATH") ?? "");
  const build = path === null ? null : await identifyCbc([path], { folder: "/", timeLimitMs: 10_000 });
  if (path === null || build === null) {
    complain(`Cannot compare with ${named}: it is not a CBC program`);
    return null;
  }
  const kind = isValidatorBuild(build) ? "the validators' build" : "not the validators' build";
  say(`CBC: ${kind}, ${build.version} of ${build.buildDate}\n`);
  return path;
}

function quantile(values: readonly number[], share: number): string {
  if (values.length === 0) return "–";
  const sorted = values.toSorted((a, b) => a - b);
  return String(Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!));
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    complain(error.message);
    Deno.exit(2);
  }
}
