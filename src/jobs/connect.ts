/**
 * A job's connection to the chain, with what happens on the way in the log.
 *
 * @module
 */

import { connectChain } from "../chain/connection.ts";
import type { ChainConnection } from "../chain/types.ts";
import type { Logger } from "../lib/log.ts";

/** Which chain a job talks to. */
export interface JobNetwork {
  /** URLs to try in order. */
  readonly endpoints: readonly string[];
  /** `undefined` for chains that are not known. */
  readonly expectedGenesisHash: string | undefined;
}

/**
 * Connects to the first usable endpoint.
 *
 * @throws {import("../chain/errors.ts").ChainError} when there is none.
 */
export async function connectForJob(network: JobNetwork, log: Logger): Promise<ChainConnection> {
  const chain = await connectChain({
    ...network,
    nowMs: Date.now,
    onAttemptFailed: (endpoint, error) =>
      log.warning("Endpoint passed over", { endpoint, kind: error.kind, error: error.message }),
    onWarning: ({ message, extensions }) => log.warning("Chain is unusual", { message, extensions }),
  });
  const { endpoint, specName, specVersion, headAgeSeconds, isHeadStale } = chain;
  log.debug("Connected", { endpoint, spec: `${specName}/${specVersion}`, head_age_seconds: headAgeSeconds });
  if (isHeadStale) {
    log.warning("Head of the chain is old, and no endpoint has a newer one", {
      endpoint,
      head_age_seconds: headAgeSeconds,
    });
  }
  return chain;
}
