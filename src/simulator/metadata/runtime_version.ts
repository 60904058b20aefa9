/**
 * The version of a runtime, as `state_getRuntimeVersion` and `System.Version` tell it.
 *
 * @module
 */

import { TypeRegistry } from "@polkadot/types";
import { blake2AsHex } from "@polkadot/util-crypto";
import { z } from "zod";

/** The answer of `state_getRuntimeVersion`, as a node gives it; unknown members are kept. */
export const runtimeVersionSchema = z.looseObject({
  specName: z.string(),
  implName: z.string(),
  authoringVersion: z.int(),
  specVersion: z.int(),
  implVersion: z.int(),
  /** Ids (8 bytes of blake2 of the name, hex) and versions of the runtime APIs. */
  apis: z.array(z.tuple([z.string(), z.int()])).readonly(),
  transactionVersion: z.int(),
});

/** The version of a runtime. */
export type RuntimeVersion = Readonly<z.infer<typeof runtimeVersionSchema>>;

/** The version of the built-in runtime, which has these APIs. */
export function builtinVersion(
  apis: readonly { readonly name: string; readonly version: number }[],
): RuntimeVersion {
  return {
    specName: "node-subtensor",
    implName: "node-subtensor",
    authoringVersion: 1,
    specVersion: 318,
    implVersion: 1,
    apis: apis.map(({ name, version }): [string, number] => [blake2AsHex(name, 64), version]),
    transactionVersion: 1,
    systemVersion: 1,
    stateVersion: 1,
  };
}

/** The version as `sp_version::RuntimeVersion`, SCALE-encoded, `0x` hex. */
export function encodeVersion(version: RuntimeVersion): string {
  return new TypeRegistry().createType("RuntimeVersion", version).toHex();
}
