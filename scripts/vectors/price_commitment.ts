import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { parsePriceCommitment } from "../../src/auction/protocol/price_commitment.ts";
import { writePriceCommitment } from "../scene/price_commitment.ts";
import { hexText, integerText, isProtocolError, type VectorChecker } from "./checker.ts";

const input = z.discriminatedUnion("op", [
  z.strictObject({
    op: z.literal("encode"),
    prices: z.array(z.tuple([z.string(), integerText])),
    banned_uids: z.array(z.int()),
  }),
  z.strictObject({ op: z.literal("decode"), raw_hex: hexText }),
]);

const expected = z.looseObject({ parse_accepts: z.boolean() });

/**
 * `price-commitment.json`. The reference has both a decoder and a stricter reader of commitments. The agent only has the
 * reader, so it must refuse what the reference's reader refuses, whatever the decoder returns.
 */
export const priceCommitment: VectorChecker = {
  compute(vector): unknown {
    const request = input.parse(vector.input);
    if (request.op === "encode") {
      return writePriceCommitment(request.prices, request.banned_uids).toHex();
    }
    const read = (): unknown => {
      const { prices, bannedUids } = parsePriceCommitment(request.raw_hex);
      return {
        prices: [...prices].map(([key, valueFp18]) => [key, valueFp18.toString()]),
        banned_uids: bannedUids,
        parse_accepts: true,
      };
    };
    return expected.safeParse(vector.expected).data?.parse_accepts === false ? refusal(read) : read();
  },
  matches(got, vector): boolean {
    return got === REFUSED || isDeepStrictEqual(got, vector.expected);
  },
};

const REFUSED = "refused";

function refusal(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (isProtocolError(error)) return REFUSED;
    throw error;
  }
}
