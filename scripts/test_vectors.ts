/**
 * `deno task test:vectors [DIR]`: checks every case of every JSON file in a folder against the reference.
 *
 * The last line is `N passed, M failed`. The exit code is 1 when a case failed or a file is unknown, and 2 when the
 * folder cannot be read.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { auctionIlp } from "./vectors/auction_ilp.ts";
import { banConsensus } from "./vectors/ban_consensus.ts";
import { budget } from "./vectors/budget.ts";
import { cbcFiles } from "./vectors/cbc_files.ts";
import { cbcSeed } from "./vectors/cbc_seed.ts";
import { isProtocolError, type VectorCase, type VectorChecker } from "./vectors/checker.ts";
import { commitmentRecords } from "./vectors/commitment_records.ts";
import { commitmentText } from "./vectors/commitment_text.ts";
import { deliveryCredit } from "./vectors/delivery_credit.ts";
import { decimals } from "./vectors/decimals.ts";
import { payment } from "./vectors/payment.ts";
import { priceCommitment } from "./vectors/price_commitment.ts";
import { priceConsensus } from "./vectors/price_consensus.ts";
import { proxyBraiins, proxyIhp } from "./vectors/proxy_files.ts";
import { reconcile } from "./vectors/reconcile.ts";
import { singleSize } from "./vectors/single_size.ts";
import { windows } from "./vectors/windows.ts";
import { workerItems } from "./vectors/worker_items.ts";
import { workerSizes } from "./vectors/worker_sizes.ts";
import { asError } from "../src/lib/errors.ts";
import { say } from "./command_line.ts";

/** The checkers of all vector files. A file without one is an error, so that no new file is skipped. */
const CHECKERS: ReadonlyMap<string, VectorChecker> = new Map(Object.entries({
  "auction-ilp.json": auctionIlp,
  "ban-consensus.json": banConsensus,
  "budget.json": budget,
  "cbc-files.json": cbcFiles,
  "cbc-seed.json": cbcSeed,
  "commitment-records.json": commitmentRecords,
  "commitment-text.json": commitmentText,
  "decimals.json": decimals,
  "delivery-credit.json": deliveryCredit,
  "payment.json": payment,
  "price-commitment.json": priceCommitment,
  "price-consensus.json": priceConsensus,
  "proxy-braiins.json": proxyBraiins,
  "proxy-ihp.json": proxyIhp,
  "reconcile.json": reconcile,
  "single-size.json": singleSize,
  "windows.json": windows,
  "worker-items.json": workerItems,
  "worker-sizes.json": workerSizes,
}));

const DEFAULT_FOLDER = fileURLToPath(new URL("../tests/vectors", import.meta.url));

const vectorFile = z.object({
  cases: z.array(z.object({
    id: z.int(),
    name: z.string(),
    input: z.unknown(),
    expected: z.unknown().optional(),
    error: z.boolean().optional(),
  })),
});

/** Counts the cases and prints the failures. */
class Report {
  passed = 0;
  failed = 0;
  readonly skipped = new Map<string, number>();

  fail(place: string, details: readonly string[]): void {
    this.failed++;
    say([`FAILED ${place}`, ...details.map((detail) => `  ${detail}`)].join("\n"));
  }

  skip(part: string): void {
    this.skipped.set(part, (this.skipped.get(part) ?? 0) + 1);
  }
}

/** Runs every file of a folder and returns the exit code. */
async function main(folder: string): Promise<number> {
  const report = new Report();
  let names: string[];
  try {
    names = Array.from(Deno.readDirSync(folder), ({ name }) => name);
  } catch (error) {
    say(`Cannot read the vectors: ${folder} is not a readable folder (${asError(error).message})`);
    return 2;
  }
  const files = names.filter((name) => name.endsWith(".json")).sort();
  if (files.length === 0) {
    say(`Cannot check the vectors: ${folder} contains no .json file`);
    return 2;
  }
  for (const file of files) await checkFile(join(folder, file), file, report);

  for (const [part, count] of report.skipped) say(`skipped: ${part} (${count})`);
  say(`${report.passed} passed, ${report.failed} failed`);
  return report.failed === 0 ? 0 : 1;
}

async function checkFile(path: string, file: string, report: Report): Promise<void> {
  const checker = CHECKERS.get(file);
  if (checker === undefined) {
    report.fail(file, ["there is no checker for this file; add one in scripts/vectors"]);
    return;
  }
  let cases: VectorCase[];
  try {
    const { cases: parsed } = vectorFile.parse(JSON.parse(await Deno.readTextFile(path)));
    cases = parsed.map(({ error, ...rest }) => error === undefined ? rest : { ...rest, error });
  } catch (error) {
    report.fail(file, [`it is not a vector file: ${asError(error).message}`]);
    return;
  }
  for (const vector of cases) await checkCase(checker, file, vector, report);
}

async function checkCase(
  checker: VectorChecker,
  file: string,
  vector: VectorCase,
  report: Report,
): Promise<void> {
  const place = `${file} ${vector.id} ${vector.name}`;
  const isRejection = checker.isRejection ?? isProtocolError;
  const matches = checker.matches ?? ((got, { expected }): boolean => isDeepStrictEqual(got, expected));
  try {
    const got = await checker.compute(vector);
    if (vector.error === true) report.fail(place, ["expected: an error", `got:      ${show(got)}`]);
    else if (matches(got, vector)) report.passed++;
    else report.fail(place, [`expected: ${show(vector.expected)}`, `got:      ${show(got)}`]);
  } catch (error) {
    if (vector.error === true && isRejection(error)) report.passed++;
    else {
      const wanted = vector.error === true ? "an error of another kind" : show(vector.expected);
      report.fail(place, [
        `expected: ${wanted}`,
        `got:      ${error instanceof Error ? error.stack : error}`,
      ]);
    }
  }
  for (const part of checker.skippedParts?.(vector) ?? []) report.skip(`${file}: ${part}`);
}

function show(value: unknown): string {
  const text = JSON.stringify(value, (_, part) => typeof part === "bigint" ? part.toString() : part) ??
    String(value);
  return text.length > 2000 ? `${text.slice(0, 2000)}… (${text.length} characters)` : text;
}

if (import.meta.main) {
  const [folder = DEFAULT_FOLDER] = Deno.args;
  // `deno task` changes to the project's folder; INIT_CWD is the folder it was called in.
  Deno.exit(await main(resolve(Deno.env.get("INIT_CWD") ?? "", folder)));
}
