/**
 * Connects a job to the chain and logs the attempts.
 *
 * @module
 */

import { connectChain, type ConnectOptions } from "../../chain/connection.ts";
import { ChainError } from "../../chain/errors.ts";
import type { ChainConnection } from "../../chain/types.ts";
import type { Logger } from "../../lib/log.ts";
import type { Connect } from "./line.ts";

/** The chain a job talks to. */
export interface JobNetwork {
  /** URLs to try in order. */
  readonly endpoints: readonly string[];
  /** `undefined` for unknown chains. */
  readonly expectedGenesisHash: string | undefined;
}

/**
 * Returns the connecting function of a job: each call connects to the first usable endpoint that is not to be avoided.
 * All calls of one function connect to the same chain.
 *
 * @param noteFailure called with the reason why an endpoint was passed over.
 * @param options what is known of runtimes from earlier runs, and what signing needs.
 */
export function connectorFor(
  { endpoints, expectedGenesisHash }: JobNetwork,
  log: Logger,
  noteFailure: (error: unknown) => void = () => {},
  { runtimes, openSigningApi }: Pick<ConnectOptions, "runtimes" | "openSigningApi"> = {},
): Connect {
  let genesisHash = expectedGenesisHash;
  return async (avoid, signal) => {
    const left = endpoints.filter((endpoint) => !avoid.has(endpoint));
    if (left.length === 0) throw noEndpointLeft(endpoints);
    const chain = await connectChain({
      endpoints: left,
      expectedGenesisHash: genesisHash,
      nowMs: Date.now,
      runtimes,
      openSigningApi,
      signal,
      onAttemptFailed: (endpoint, error) => {
        log.warning("Endpoint passed over", { endpoint, kind: error.kind, error: error.message });
        noteFailure(error);
      },
      onWarning: ({ message, extensions }) => log.warning("Chain is unusual", { message, extensions }),
    });
    genesisHash = chain.genesisHash;
    logConnection(chain, log);
    return chain;
  };
}

function logConnection(chain: ChainConnection, log: Logger): void {
  const { endpoint, specName, specVersion, headAgeSeconds, isHeadStale } = chain;
  log.debug("Connected", { endpoint, spec: `${specName}/${specVersion}`, head_age_seconds: headAgeSeconds });
  if (!isHeadStale) return;
  log.warning("Head of the chain is old, and no endpoint has a newer one", {
    endpoint,
    head_age_seconds: headAgeSeconds,
  });
}

function noEndpointLeft(endpoints: readonly string[]): ChainError {
  return new ChainError(`Cannot go on: each of the ${endpoints.length} endpoints has failed in this run`, {
    kind: "no-endpoint",
    endpoint: null,
    retryable: true,
  });
}
