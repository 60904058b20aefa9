import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { Resolution } from "../../src/config/effective.ts";
import { isSwitchedOn } from "../../src/config/environment.ts";
import { ConfigError } from "../../src/config/errors.ts";
import { checkConfigFile } from "../../src/config/schema.ts";
import { checkWorkers } from "../../src/config/workers.ts";
import { parseFp18 } from "../../src/auction/protocol/fp18.ts";
import {
  buildCommitment,
  type BuiltCommitment,
  type WorkerOffer,
} from "../../src/auction/protocol/worker_sizes.ts";
import { isProtocolError, type VectorChecker } from "./checker.ts";

const decimalText = z.union([z.string(), z.number().transform(String)]);
const list = z.array(decimalText).transform((hashrates) => ({ kind: "list" as const, hashrates }));
const sizes = z.record(z.string(), z.number())
  .transform((table) => ({ kind: "sizes" as const, sizes: Object.entries(table) }));
const workers = z.union([
  z.strictObject({ price_multiplier: decimalText, hashrates: z.union([list, sizes]) })
    .transform(({ price_multiplier, hashrates }) => ({ price: price_multiplier, offered: hashrates })),
  z.strictObject({ price_multiplier: decimalText, worker_sizes: sizes })
    .transform(({ price_multiplier, worker_sizes }) => ({ price: price_multiplier, offered: worker_sizes })),
]);
const input = z.discriminatedUnion("op", [
  z.strictObject({
    op: z.literal("build"),
    config: z.looseObject({ workers: z.unknown() }),
    allow_v1: z.string().nullable(),
  }),
  z.strictObject({
    op: z.literal("config"),
    config: z.unknown(),
    allow_v1: z.string().nullable().optional(),
  }),
]);
const sizesByCount = z.union([
  z.array(z.tuple([z.string(), z.number()])),
  z.record(z.string(), z.number()).transform((table) => Object.entries(table)),
]);
const normalised = z.looseObject({
  hashrates: z.union([z.array(decimalText), sizesByCount]).nullish(),
  worker_sizes: sizesByCount.nullish(),
});

/** Thrown for a `[workers]` table that the builder's types do not allow. */
class UnusableWorkers extends Error {
  override readonly name = "UnusableWorkers";
}

/** `worker-sizes.json` */
export const workerSizes: VectorChecker = {
  compute(vector): unknown {
    const request = input.parse(vector.input);
    if (request.op === "config") return normaliseConfig(request.config);
    const offer = toOffer(request.config.workers);
    const built = buildCommitment([offer], { allowV1: isSwitchedOn(request.allow_v1 ?? undefined) });
    return { text: built.text, total_workers: built.totalWorkers, bids: listBids(built) };
  },
  isRejection: (error) =>
    isProtocolError(error) || error instanceof ConfigError || error instanceof UnusableWorkers,
  matches(got, vector): boolean {
    if (input.parse(vector.input).op === "build") return isDeepStrictEqual(got, vector.expected);
    return isDeepStrictEqual(got, canonicalConfig(vector.expected));
  },
};

/** The builder accepts any price, including prices that the configuration refuses. */
function toOffer(table: unknown): WorkerOffer {
  const parsed = workers.safeParse(table);
  if (!parsed.success) throw new UnusableWorkers(z.prettifyError(parsed.error));
  return { priceFp18: parseFp18(parsed.data.price), ...parsed.data.offered };
}

function listBids(built: BuiltCommitment): unknown[] {
  return built.version === 1
    ? built.entries.map(({ sizeText, priceFp18 }) => [sizeText, priceFp18.toString()])
    : built.groups.map(({ algorithm, priceFp18, sizes }) => [algorithm, priceFp18.toString(), sizes]);
}

function normaliseConfig(config: unknown): unknown {
  const source = "config";
  const { workers: section } = checkConfigFile(config, source);
  const [offer] = checkWorkers(section, "", new Resolution(source)).offers;
  return canonicalConfig(
    offer?.kind === "list"
      ? { hashrates: offer.hashrates }
      : { worker_sizes: offer?.sizes.map((size) => [...size]) },
  );
}

/** One form for absent, null and empty values, and for a table of sizes under either key. */
function canonicalConfig(value: unknown): unknown {
  const { hashrates, worker_sizes } = normalised.parse(value);
  const entries = [...hashrates ?? [], ...worker_sizes ?? []];
  return entries.map((entry) => Array.isArray(entry) ? entry : [entry]);
}
