import { z } from "zod";
import {
  type CommittedBid,
  parseBidCommitment,
  writeBidCommitmentV1,
  writeBidCommitmentV2,
} from "../../src/auction/protocol/bid_commitment.ts";
import { commitmentByteLength } from "../../src/auction/protocol/commitment_text.ts";
import { BID_ALGORITHM } from "../../src/auction/protocol/constants.ts";
import { ProtocolError } from "../../src/auction/protocol/errors.ts";
import { hexText, integerText, type VectorChecker } from "./checker.ts";

// The writer has to refuse a count that is not a number.
const countOfAnyType = z.unknown().transform((count) => count as number);
const entryV1 = z.tuple([z.string(), integerText]);
const groupV2 = z.tuple([z.string(), integerText, z.array(z.tuple([z.string(), countOfAnyType]))]);
const input = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("encode"), v: z.int(), bids: z.unknown() }),
  z.strictObject({
    op: z.literal("parse"),
    raw_hex: hexText,
    switch_block: z.int(),
    text: z.string().optional(),
  }),
]);

/** `commitment-text.json` */
export const commitmentText: VectorChecker = {
  compute(vector): unknown {
    const request = input.parse(vector.input);
    if (request.op === "encode") {
      const text = request.v >= 2
        ? writeBidCommitmentV2(
          z.array(groupV2).parse(request.bids)
            .map(([algorithm, priceFp18, sizes]) => ({ algorithm, priceFp18, sizes })),
          BigInt(request.v),
        )
        : writeBidCommitmentV1(
          z.array(entryV1).parse(request.bids).map(([sizeText, priceFp18]) => ({ sizeText, priceFp18 })),
          BigInt(request.v),
        );
      return { text, bytes: commitmentByteLength(text) };
    }
    const { raw_hex: bytes, switch_block: switchBlock } = request;
    return {
      before_switch: readBids(bytes, switchBlock - 1),
      at_switch: readBids(bytes, switchBlock),
      no_block: readBids(bytes, null),
      reencoded: writeAgain(bytes),
    };
  },
};

function readBids(bytes: Uint8Array, windowFirstBlock: number | null): unknown[] | null {
  const reading = parseBidCommitment(bytes, windowFirstBlock);
  if (reading.kind !== "bids") return null;
  return reading.bids.map(({ sizeText, priceFp18, count }) =>
    reading.version >= 2n ? [sizeText, priceFp18.toString(), count] : [sizeText, priceFp18.toString()]
  );
}

function writeAgain(bytes: Uint8Array): string | null {
  const reading = parseBidCommitment(bytes, null);
  if (reading.kind !== "bids") return null;
  try {
    if (reading.version < 2n) return writeBidCommitmentV1(reading.bids, reading.version);
    return writeBidCommitmentV2(reading.bids.map(toGroup), reading.version);
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

function toGroup(
  { sizeText, priceFp18, count }: CommittedBid,
): Parameters<typeof writeBidCommitmentV2>[0][0] {
  return { algorithm: BID_ALGORITHM, priceFp18, sizes: [[sizeText, count]] };
}
