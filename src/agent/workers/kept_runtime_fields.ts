/**
 * How the main thread checks runtimes that a worker hands over or that a file holds.
 *
 * @module
 */

import * as z from "zod";
import { MAX_METADATA_BYTES, MAX_VERSION_LENGTH } from "../jobs/kept_runtime.ts";

const hash = z.string().regex(/^0x[\da-f]{64}$/, "must be a hash");

/** The parts of a {@linkcode RuntimeDescription}, with their limits. */
export const keptRuntimeFields = {
  genesisHash: hash,
  codeHash: hash,
  versionJson: z.string().max(MAX_VERSION_LENGTH),
  metadata: z.instanceof(Uint8Array).refine(
    ({ length }) => length <= MAX_METADATA_BYTES,
    `must have at most ${MAX_METADATA_BYTES} bytes`,
  ).transform((bytes) => new Uint8Array(bytes)),
};
