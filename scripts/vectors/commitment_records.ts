import { z } from "zod";
import { readRecord } from "../../src/auction/inputs/records.ts";
import { parseBidCommitment } from "../../src/auction/protocol/bid_commitment.ts";
import type { VectorChecker } from "./checker.ts";

/** The block of the cases, at which only v2 bids count. */
const BLOCK = 8_000_000;

const input = z.strictObject({ kind: z.string(), data: z.string().nullish() });

/** `commitment-records.json` */
export const commitmentRecords: VectorChecker = {
  compute(vector): unknown {
    const { kind, data } = input.parse(vector.input);
    // The cases leave out the length that the chain's variants of raw bytes have in their names.
    const fieldKind = kind === "Raw" ? `Raw${(data ?? "").length / 2}` : kind;
    const reading = readRecord({ fieldKind, data: data === null || data === undefined ? null : `0x${data}` });
    if (reading.kind === "breaks-validators") return { breaks: true, bids: null };
    const bids = parseBidCommitment(reading.bytes, BLOCK);
    return {
      breaks: false,
      bids: bids.kind === "bids"
        ? bids.bids.map(({ sizeText, priceFp18, count }) => [sizeText, String(priceFp18), count])
        : null,
    };
  },
};
