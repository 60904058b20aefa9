/**
 * What a job knows of the chain's runtimes from earlier runs, and tells for later ones.
 *
 * @module
 */

import type { RuntimeDescription, RuntimeShelf } from "../../chain/types.ts";

/** Mainnet's have 0.3 MB. */
export const MAX_METADATA_BYTES = 4 * 1024 * 1024;
/** Mainnet's has 1,300 characters. */
export const MAX_VERSION_LENGTH = 64 * 1024;

/** A runtime, and the endpoint that described it, as configured. */
export interface KeptRuntime extends RuntimeDescription {
  readonly url: string;
}

/**
 * The shelf of a run.
 *
 * @param known from earlier runs.
 * @param keep gets what the run has fetched, if it is within the limits.
 */
export function shelfOf(known: readonly KeptRuntime[], keep: (runtime: KeptRuntime) => void): RuntimeShelf {
  const runtimes = [...known];
  return {
    find: (url, genesisHash, codeHash) =>
      runtimes.findLast((kept) =>
        kept.url === url && kept.genesisHash === genesisHash && kept.codeHash === codeHash
      ) ?? null,
    keep: (url, description) => {
      const { metadata, versionJson } = description;
      if (metadata.length > MAX_METADATA_BYTES || versionJson.length > MAX_VERSION_LENGTH) return;
      const runtime = { url, ...description };
      runtimes.push(runtime);
      keep(runtime);
    },
  };
}
