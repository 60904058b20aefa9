/**
 * `[workers]`: what is offered and at which price (spec, sections 2 and 9).
 *
 * Stricter than the protocol's own builder: what can be written but can never win, or cannot be meant, is an
 * error here.
 *
 * @module
 */

import * as z from "zod";
import type { UnquotedDecimalKey } from "../lib/toml.ts";
import { MAX_PRICE_FP18 } from "../auction/protocol/constants.ts";
import { formatFp18, parseFp18 } from "../auction/protocol/fp18.ts";
import { ProtocolError } from "../auction/protocol/protocol_error.ts";
import { buildCommitment, type BuiltCommitment, type WorkerOffer } from "../auction/protocol/worker_sizes.ts";
import { readDecimal } from "./decimal.ts";
import { ConfigError } from "./errors.ts";
import { EffectiveSettings, inFile } from "./effective.ts";
import { checkAgainst, describe, shown, tables } from "./shape.ts";

/** The checked `[workers]` section. */
export interface WorkersConfig {
  /** `false`: nothing is offered, and the empty bid is published; the workers still say what is there. */
  readonly enabled: boolean;
  readonly offers: readonly WorkerOffer[];
  /** The bid that is to be on the chain. */
  readonly commitment: BuiltCommitment;
}

/** What {@link checkWorkers} goes by. */
export interface WorkersSource {
  /** The parsed section; `undefined` when there is none. */
  readonly section: unknown;
  /** Keys of the file that look like decimals and stand without quotes. */
  readonly unquotedKeys: readonly UnquotedDecimalKey[];
  /** The file, for messages. */
  readonly source: string;
  /** `APS_MINER_ALLOW_V1`. */
  readonly allowV1: boolean;
  /** Keeps what was decided, and why. */
  readonly settings?: EffectiveSettings;
}

const tierSchema = z.strictObject({ price_multiplier: z.unknown(), worker_sizes: z.unknown() }).partial();

/** The shape of `[workers]`; what is in it is checked one by one, for messages that help. */
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
 * @throws {ConfigError} naming the key, its value and what to do.
 */
export function checkWorkers(options: WorkersSource): WorkersConfig {
  const { section, unquotedKeys, source, allowV1, settings = new EffectiveSettings() } = options;
  const fail = (key: string, message: string): never => {
    throw new ConfigError(source, [{ key: key === "" ? "[workers]" : `[workers] ${key}`, message }]);
  };
  if (section === undefined) fail("", "is missing; add price_multiplier and worker_sizes");
  const [unquoted] = unquotedKeys.filter(({ table }) => table[0] === "workers");
  if (unquoted !== undefined) {
    const { key, table, line } = unquoted;
    fail(
      table.slice(1).join("."),
      `line ${line}: put the size in quotes, "${key}" = …; without them TOML reads ${key} as a table within a table`,
    );
  }
  const workers = checkAgainst(workersSchema, section, { source, path: ["workers"] });
  const enabled = settings.pick("workers", "enabled", [inFile(workers.enabled)], true);
  for (const name of ["price_multiplier", "worker_sizes", "hashrates"] as const) {
    if (workers[name] !== undefined) settings.pick("workers", name, [inFile(workers[name])], null);
  }

  const { tiers = [] } = workers;
  for (const [i, tier] of tiers.entries()) {
    for (const [name, value] of Object.entries(tier)) {
      settings.pick(`workers.tiers[${i}]`, name, [inFile(value)], null);
    }
  }

  const isSingle = tiers.length === 0 ||
    [workers.price_multiplier, workers.hashrates, workers.worker_sizes].some((value) => value !== undefined);
  const parts = [
    ...(isSingle ? [checkSingle(workers, fail)] : []),
    ...tiers.map((tier, i) => checkTier(tier, `tiers[${i}]`, fail)),
  ];
  // Tiers are v2 in any case.
  const commitment = build(parts, allowV1 && tiers.length === 0, fail);
  return {
    enabled,
    offers: parts.map(({ offer }) => offer),
    commitment: enabled ? commitment : buildCommitment([]),
  };
}

/** Why nothing is offered, in the words of the file; `null`: something is. */
export function whyWithdrawn({ enabled, commitment }: WorkersConfig): string | null {
  if (!enabled) return "[workers] enabled = false";
  return commitment.totalWorkers === 0 ? "[workers] lists none" : null;
}

type Fail = (key: string, message: string) => never;

/** An offer and the key that its workers stand under. */
interface OfferPart {
  readonly key: string;
  readonly offer: WorkerOffer;
}

/** The workers at the single price. */
function checkSingle(workers: z.output<typeof workersSchema>, fail: Fail): OfferPart {
  const priceFp18 = checkPrice(workers.price_multiplier, "price_multiplier", fail);
  if (workers.hashrates !== undefined && workers.worker_sizes !== undefined) {
    fail("hashrates", "stands beside worker_sizes; keep exactly one of the two");
  }
  if (workers.hashrates === undefined) {
    const sizes = checkSizes(workers.worker_sizes, "worker_sizes", fail);
    return { key: "worker_sizes", offer: { priceFp18, kind: "sizes", sizes } };
  }
  const key = "hashrates";
  if (!Array.isArray(workers.hashrates)) {
    return { key, offer: { priceFp18, kind: "sizes", sizes: checkSizes(workers.hashrates, key, fail) } };
  }
  const hashrates = workers.hashrates.map((item, i) => checkDecimal(item, `${key}[${i}]`, fail));
  return { key, offer: { priceFp18, kind: "list", hashrates } };
}

function checkTier(
  { price_multiplier, worker_sizes }: z.output<typeof tierSchema>,
  name: string,
  fail: Fail,
): OfferPart {
  const priceFp18 = checkPrice(price_multiplier, `${name}.price_multiplier`, fail);
  const key = `${name}.worker_sizes`;
  return { key, offer: { priceFp18, kind: "sizes", sizes: checkSizes(worker_sizes, key, fail) } };
}

/** Builds the bid; what does not fit is blamed on the first part that does not fit beside those before it. */
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
    if (together !== null) fail(key, `${together}; that counts this tier and what stands before it`);
  }
  return buildCommitment(offers, { allowV1 });
}

function checkPrice(value: unknown, key: string, fail: Fail): bigint {
  if (value === undefined) fail(key, 'is missing; set the price of these workers, for example "1.05"');
  const text = checkDecimal(value, key, fail);
  const priceFp18 = parseFp18(text);
  if (priceFp18 <= 0n) fail(key, `must be above 0; it is ${text}`);
  if (priceFp18 > MAX_PRICE_FP18) {
    fail(key, `must be at most ${formatFp18(MAX_PRICE_FP18)}, a higher price never wins; it is ${text}`);
  }
  return priceFp18;
}

function checkSizes(value: unknown, key: string, fail: Fail): [string, number][] {
  if (value === undefined) {
    return fail(key, 'is missing; say what is offered, for example worker_sizes = { "0.45" = 2 }');
  }
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Date) {
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
    return [checkDecimal(size, place, fail), count];
  });
}

/** A decimal as text. */
function checkDecimal(value: unknown, key: string, fail: Fail): string {
  const decimal = readDecimal(value);
  return "problem" in decimal ? fail(key, decimal.problem) : decimal.text;
}
