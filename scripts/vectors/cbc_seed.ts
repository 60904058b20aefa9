import { z } from "zod";
import { solverSeed } from "../../src/auction/inputs/seed.ts";
import type { VectorChecker } from "./checker.ts";

const input = z.strictObject({ hash: z.string() });

/** `cbc-seed.json` */
export const cbcSeed: VectorChecker = {
  compute: (vector) => solverSeed(input.parse(vector.input).hash),
};
