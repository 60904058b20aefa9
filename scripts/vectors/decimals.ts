import { z } from "zod";
import { formatFp18, parseFp18 } from "../../src/auction/protocol/fp18.ts";
import { integerText, type VectorChecker } from "./checker.ts";

const input = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("parse"), text: z.string() }),
  z.strictObject({ op: z.literal("format"), fp18: integerText }),
]);

/** `decimals.json` */
export const decimals: VectorChecker = {
  compute(vector): unknown {
    const request = input.parse(vector.input);
    return request.op === "parse" ? parseFp18(request.text).toString() : formatFp18(request.fp18);
  },
};
