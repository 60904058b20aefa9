/**
 * `[workers]`: the offered workers and their price (spec, sections 2 and 9).
 *
 * Stricter than the protocol's own builder: an offer that can never win, or that cannot be intended, is an
 * error.
 *
 * @module
 */

import * as z from "zod";
import { findUnquotedDecimalKeys, isTable } from "../lib/toml.ts";
import { MAX_PRICE_FP18 } from "../auction/protocol/constants.ts";
import { formatFp18 } from "../auction/protocol/fp18.ts";
import { ProtocolError } from "../auction/protocol/errors.ts";
import { buildCommitment, type BuiltCommitment, type WorkerOffer } from "../auction/protocol/worker_sizes.ts";
import { inFile, type Resolution } from "./effective.ts";
import { isSwitchedOn } from "./environment.ts";
import { ConfigError } from "./errors.ts";
import { type ReadDecimal, readDecimal } from "./quantities.ts";
import { checkAgainst, describe, shown, tables } from "./shape.ts";

/** The checked `[workers]` section. */
export interface WorkersConfig {
  /** `false`: the bid is empty; the offers still describe the workers. */
  readonly enabled: boolean;
  readonly offers: readonly WorkerOffer[];
  /** The bid to publish. */
  readonly commitment: BuiltCommitment;
}

const tierSchema = z.strictObject({ price_multiplier: z.unknown(), worker_sizes: z.unknown() }).partial();

/** The shape of `[workers]`; {@link checkWorkers} checks most values itself, for better messages. */
export const workersSchema = z.strictObject({
  enabled: shown(z.boolean()),
  price_multiplier: z.unknown(),
  hashrates: z.unknown(),
  worker_sizes: z.unknown(),
  tiers: tables("workers.tiers", tierSchema).min(1, "lists no tier; remove it"),
}).partial();

/**
 * Checks `[workers]` and builds the bid.
 *
 * @param section the parsed section; `undefined` when there is none.
 * @param text the whole file.
 * @throws {ConfigError} naming the key, its value and what to do.
 */
export function checkWorkers(section: unknown, text: string, resolution: Resolution): WorkersConfig {
  const { source, environment } = resolution;
  const fail: Fail = (key, message) => {
    throw new ConfigError(source, [{ key: `[workers] ${key}`.trimEnd(), message }]);
  };
  if (section === undefined) return fail("", "is missing; add price_multiplier and worker_sizes");
  const unquoted = findUnquotedDecimalKeys(text, { source }).find(({ table }) => table[0] === "workers");
  if (unquoted !== undefined) {
    const { key, table, line } = unquoted;
    fail(
      table.slice(1).join("."),
      `line ${line}: put the size in quotes, "${key}" = …; without them TOML reads ${key} as a table within a table`,
    );
  }
  const workers = checkAgainst(workersSchema, section, { source, path: ["workers"] });
  const { tiers = [], price_multiplier, worker_sizes, hashrates } = workers;
  const single = { price_multiplier, worker_sizes, hashrates };
  const enabled = resolution.section("workers", workers).pick("enabled", true);
  const recordKeys = (name: string, values: object): void => {
    const section = resolution.section(name, values);
    for (const [key, value] of Object.entries(values)) {
      if (value !== undefined) section.choose(key, [inFile(value)], null);
    }
  };
  recordKeys("workers", single);
  tiers.forEach((tier, i) => recordKeys(`workers.tiers[${i}]`, tier));

  const isSingle = tiers.length === 0 || Object.values(single).some((value) => value !== undefined);
  const parts = [
    ...(isSingle ? [checkSingle(workers, fail)] : []),
    ...tiers.map((tier, i) => checkTier(tier, `tiers[${i}]`, fail)),
  ];
  // Tiers always need v2.
  const allowV1 = isSwitchedOn(environment.APS_MINER_ALLOW_V1) && tiers.length === 0;
  const commitment = build(parts, allowV1, fail);
  return {
    enabled,
    offers: parts.map(({ offer }) => offer),
    commitment: enabled ? commitment : buildCommitment([]),
  };
}

/** Why nothing is offered, in terms of the file; `null`: something is. */
export function whyWithdrawn({ enabled, commitment }: WorkersConfig): string | null {
  if (!enabled) return "[workers] enabled = false";
  return commitment.totalWorkers === 0 ? "[workers] lists none" : null;
}

type Fail = (key: string, message: string) => never;

/** An offer and the key of its workers. */
interface OfferPart {
  readonly key: string;
  readonly offer: WorkerOffer;
}

/** The workers at the single price. */
function checkSingle(workers: z.output<typeof workersSchema>, fail: Fail): OfferPart {
  const { hashrates, worker_sizes } = workers;
  const priceFp18 = checkPrice(workers.price_multiplier, "price_multiplier", fail);
  if (hashrates !== undefined && worker_sizes !== undefined) {
    fail("hashrates", "cannot be set together with worker_sizes; keep exactly one of the two");
  }
  if (Array.isArray(hashrates)) {
    const sizes = hashrates.map((item, i) => checkDecimal(item, `hashrates[${i}]`, fail).text);
    return { key: "hashrates", offer: { priceFp18, kind: "list", hashrates: sizes } };
  }
  const key = hashrates === undefined ? "worker_sizes" : "hashrates";
  return { key, offer: { priceFp18, kind: "sizes", sizes: checkSizes(workers[key], key, fail) } };
}

function checkTier(tier: z.output<typeof tierSchema>, name: string, fail: Fail): OfferPart {
  const priceFp18 = checkPrice(tier.price_multiplier, `${name}.price_multiplier`, fail);
  const key = `${name}.worker_sizes`;
  return { key, offer: { priceFp18, kind: "sizes", sizes: checkSizes(tier.worker_sizes, key, fail) } };
}

/** Builds the bid. Blames a bid that is too large on the first part that does not fit with those before it. */
function build(parts: readonly OfferPart[], allowV1: boolean, fail: Fail): BuiltCommitment {
  const offers = parts.map(({ offer }) => offer);
  const mistakeOf = (chosen: readonly WorkerOffer[]): string | null => {
    try {
      buildCommitment(chosen, { allowV1 });
      return null;
    } catch (error) {
      if (error instanceof ProtocolError) return error.message;
      throw error;
    }
  };
  for (const [i, { key, offer }] of parts.entries()) {
    const alone = mistakeOf([offer]);
    if (alone !== null) fail(key, alone);
    const together = mistakeOf(offers.slice(0, i + 1));
    if (together !== null) fail(key, `${together}; that counts this tier and the workers before it`);
  }
  return buildCommitment(offers, { allowV1 });
}

function checkPrice(value: unknown, key: string, fail: Fail): bigint {
  if (value === undefined) fail(key, 'is missing; set the price of these workers, for example "1.05"');
  const { text, fp18: priceFp18 } = checkDecimal(value, key, fail);
  if (priceFp18 <= 0n) fail(key, `must be above 0; it is ${text}`);
  if (priceFp18 > MAX_PRICE_FP18) {
    fail(key, `must be at most ${formatFp18(MAX_PRICE_FP18)}, a higher price never wins; it is ${text}`);
  }
  return priceFp18;
}

function checkSizes(value: unknown, key: string, fail: Fail): [string, number][] {
  if (value === undefined) {
    return fail(key, 'is missing; set the offered workers, for example worker_sizes = { "0.45" = 2 }');
  }
  if (!isTable(value)) {
    const forms = key === "hashrates"
      ? 'a list of sizes, or a table size = count such as { "0.45" = 2 }'
      : 'a table size = count such as { "0.45" = 2 }';
    return fail(key, `must be ${forms}; it is ${describe(value)}`);
  }
  return Object.entries(value).map(([size, count]) => {
    if (/^\d+$/.test(size) && typeof count === "object") {
      fail(key, `has a table within a table; put the size in quotes, such as "${size}.45" = 2`);
    }
    const place = `${key}.${describe(size)}`;
    if (typeof count !== "number" || !Number.isSafeInteger(count) || count <= 0) {
      fail(place, `must be a whole number of workers, at least 1; it is ${describe(count)}`);
    }
    return [checkDecimal(size, place, fail).text, count];
  });
}

function checkDecimal(value: unknown, key: string, fail: Fail): Extract<ReadDecimal, { text: string }> {
  const decimal = readDecimal(value);
  return "problem" in decimal ? fail(key, decimal.problem) : decimal;
}
