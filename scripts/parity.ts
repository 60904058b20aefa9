/**
 * `deno task parity [--instances N] [--seed S] [--time-limit SECONDS] [--cbc PATH]`: generated auctions of named
 * families, solved by CBC and by the built-in engine, and how far the two agree, as a Markdown table.
 *
 * @module
 */

import { parseArgs } from "node:util";
import type { AuctionProblem } from "../src/auction/inputs/problem.ts";
import { CbcError, identifyCbc, isValidatorBuild } from "../src/auction/solver/cbc/program.ts";
import { locateProgram } from "../src/lib/program.ts";
import { solveWithCbc } from "../src/auction/solver/cbc_engine.ts";
import { solveAllRanges, solveWithGlpk } from "../src/auction/solver/glpk_engine.ts";
import { totalsOfWins } from "../src/auction/solver/outcome.ts";
import {
  type AuctionScale,
  FAMILIES,
  type Family,
  generateAuction,
  LARGE_SCALE,
  ORDINARY_SCALE,
  Random,
  SMALL_SCALE,
} from "./parity/families.ts";
import { findReferenceCbc } from "./parity/reference_cbc.ts";

const HELP = `Compares the built-in solver with CBC on generated auctions.

Usage: deno task parity [options]

  --instances N         auctions per family (default 5)
  --seed S              the first seed (default 1); auction i of a family has seed S + i
  --time-limit SECONDS  no auction is begun after this (default 150)
  --cbc PATH            the CBC program (default: the validators' build, in IH_MINER_CBC, on the PATH, or where
                        scripts/install-cbc.sh puts it)
`;

/** After this a single CBC run is given up. */
const CBC_LIMIT_MS = 60_000;
const RANGES_LIMIT_MS = 10_000;

/** A row of the table. */
class Row {
  instances = 0;
  sameWins = 0;
  sameValue = 0;
  belowValue = 0;
  belowCost = 0;
  unproven = 0;
  ambiguous = 0;
  withinRanges = 0;
  inexactRanges = 0;
  failed = 0;
  readonly cbcMs: number[] = [];
  readonly glpkMs: number[] = [];

  constructor(readonly name: string) {}

  add(other: Row): void {
    for (
      const key of [
        "instances",
        "sameWins",
        "sameValue",
        "belowValue",
        "belowCost",
        "unproven",
        "ambiguous",
        "withinRanges",
        "inexactRanges",
        "failed",
      ] as const
    ) this[key] += other[key];
    this.cbcMs.push(...other.cbcMs);
    this.glpkMs.push(...other.glpkMs);
  }

  toMarkdown(): string {
    const share = (count: number): string => this.instances === 0 ? "–" : `${count}/${this.instances}`;
    return "| " + [
      this.name,
      share(this.sameWins),
      share(this.sameValue),
      share(this.belowValue),
      share(this.belowCost),
      share(this.ambiguous),
      share(this.withinRanges),
      `${quantile(this.cbcMs, 0.5)} / ${quantile(this.cbcMs, 1)}`,
      `${quantile(this.glpkMs, 0.5)} / ${quantile(this.glpkMs, 1)}`,
      this.unproven + this.inexactRanges === 0 ? "all" : `${this.unproven} / ${this.inexactRanges} open`,
    ].join(" | ") + " |";
  }
}

const TABLE_HEAD = [
  "| family | same wins of every hotkey | same total value | CBC below optimum: value | only cost | ambiguous " +
  "| CBC within the ranges | CBC ms: median / max | glpk ms: median / max | glpk proven: optimum / ranges |",
  "|---|---|---|---|---|---|---|---|---|---|",
].join("\n");

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      instances: { type: "string", default: "5" },
      seed: { type: "string", default: "1" },
      "time-limit": { type: "string", default: "150" },
      cbc: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    print(HELP);
    return 0;
  }
  const instances = positiveInteger("--instances", values.instances);
  const seed = positiveInteger("--seed", values.seed);
  const deadline = performance.now() + positiveInteger("--time-limit", values["time-limit"]) * 1000;
  const program = await findProgram(values.cbc);
  if (program === null) return 1;

  const rows = new Map<string, Row>();
  const tasks = plan(instances, seed);
  /** Takes one auction after the other; several at a time, because CBC is another process. */
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
  print([TABLE_HEAD, ...[...rows.values(), total].map((row) => row.toMarkdown())].join("\n"));
  if (total.failed > 0) print(`CBC gave no outcome in ${total.failed} more auctions.`);
  return 0;
}

/** The auctions in the order they are solved: round by round, so that a run that ends early has seen every family. */
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
async function compare(problem: AuctionProblem, program: string, folder: string, row: Row): Promise<void> {
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
    row.failed++;
    return;
  }
  row.cbcMs.push(performance.now() - cbcStartMs);
  const glpk = await solveWithGlpk(problem, { ownHotkey, prefer: "most-own" });
  row.glpkMs.push(glpk.durationMs);
  const ranges = await solveAllRanges(problem, { timeLimitMs: RANGES_LIMIT_MS });
  const cbc = totalsOfWins(problem.items, cbcWins);

  row.instances++;
  if (hotkeys.every((hotkey) => winsOf(hotkey, problem, cbcWins) === winsOf(hotkey, problem, glpk.wins))) {
    row.sameWins++;
  }
  if (cbc.totalValue === glpk.totalValue) row.sameValue++;
  if (cbc.totalValue < glpk.totalValue) row.belowValue++;
  if (cbc.totalValue === glpk.totalValue && cbc.totalCost > glpk.totalCost) row.belowCost++;
  if (glpk.provenOptimal !== true) row.unproven++;
  if (ranges.hotkeys.some(({ workers }) => workers.fewest !== workers.most)) row.ambiguous++;
  if (ranges.hotkeys.some(({ exact }) => !exact)) row.inexactRanges++;
  const isWithin = ranges.hotkeys.every(({ hotkey, workers, runs }) => {
    const won = winsOf(hotkey, problem, cbcWins);
    return won >= workers.fewest && won <= workers.most &&
      runs.every((run) =>
        cbcWins[run.itemIndex]! >= run.won.fewest && cbcWins[run.itemIndex]! <= run.won.most
      );
  });
  if (isWithin) row.withinRanges++;
}

function winsOf(hotkey: string, { items }: AuctionProblem, wins: readonly number[]): number {
  return items.reduce((sum, item, index) => sum + (item.hotkey === hotkey ? wins[index]! : 0), 0);
}

/** The program to compare with; says which build it is, or why there is none. */
async function findProgram(named: string | undefined): Promise<string | null> {
  if (named === undefined) {
    const reference = await findReferenceCbc();
    if ("path" in reference) {
      print(`CBC: the validators' build, ${reference.path}\n`);
      return reference.path;
    }
    printError(`There is no CBC to compare with: ${reference.absence}`);
    return null;
  }
  const path = await locateProgram(named, Deno.env.get("PATH") ?? "");
  const build = path === null ? null : await identifyCbc([path], { folder: "/", timeLimitMs: 10_000 });
  if (path === null || build === null) {
    printError(`Cannot compare with ${named}: it is no CBC program`);
    return null;
  }
  const kind = isValidatorBuild(build) ? "the validators' build" : "another build than the validators'";
  print(`CBC: ${kind}, ${build.version} of ${build.buildDate}\n`);
  return path;
}

function positiveInteger(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) {
    throw new RangeError(`Cannot run: ${option} is ${text}; give an integer from 1`);
  }
  return Number(text);
}

function quantile(values: readonly number[], share: number): string {
  if (values.length === 0) return "–";
  const sorted = values.toSorted((a, b) => a - b);
  return String(Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!));
}

function print(line: string): void {
  // deno-lint-ignore no-console
  console.log(line);
}

function printError(line: string): void {
  // deno-lint-ignore no-console
  console.error(line);
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    printError(error.message);
    Deno.exit(2);
  }
}
