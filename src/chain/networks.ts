/**
 * The public networks and their endpoints (spec, section 8). Pure.
 *
 * @module
 */

import { redactAddress } from "../lib/redact.ts";

interface PublicNetwork {
  readonly endpoint: string;
  /** `undefined` if each chain has its own genesis. */
  readonly genesisHash?: string;
}

// Genesis hashes are those of polkadot-js/common (networks, genesis.ts) and of the subtensor runtime's own
// migrations for finney, and of the public test network's entry point.
const FINNEY_GENESIS_HASH = "0x2f0555cc76fc2840a25a6ea3b9637146806f1f44b090c175ffde2a7e5ab36c03";
const TEST_GENESIS_HASH = "0x8f9cf856bf558a14440e75569c9e58594757048d7b3a84b5d25f6bd978263105";

const PUBLIC_NETWORKS: Readonly<Record<string, PublicNetwork>> = {
  finney: { endpoint: "wss://entrypoint-finney.opentensor.ai:443", genesisHash: FINNEY_GENESIS_HASH },
  test: { endpoint: "wss://test.finney.opentensor.ai:443", genesisHash: TEST_GENESIS_HASH },
  archive: { endpoint: "wss://archive.chain.opentensor.ai:443", genesisHash: FINNEY_GENESIS_HASH },
  local: { endpoint: "ws://127.0.0.1:9944" },
};

/** The network names of the spec, section 8, for messages and help texts. */
export const NETWORK_NAMES: readonly string[] = Object.keys(PUBLIC_NETWORKS);

/** A network or endpoint is invalid; `value` is the text given. */
export class NetworkError extends TypeError {
  override readonly name = "NetworkError";

  constructor(readonly value: string, message: string) {
    super(message);
  }
}

/**
 * Resolves the endpoints to try, in order: names become URLs, ws and wss URLs stay as they are.
 *
 * @param network one network name or URL, or a list of them.
 * @returns the URLs as written, trimmed and without duplicates.
 * @throws {NetworkError} if the list is empty, or a value is neither a known name nor a ws or wss URL.
 */
export function resolveEndpoints(network: string | readonly string[]): string[] {
  const values = typeof network === "string" ? [network] : network;
  if (values.length === 0) {
    throw new NetworkError(
      "",
      "Cannot resolve the network: the list is empty; name at least one network or URL",
    );
  }
  const endpoints: string[] = [];
  for (const value of values) {
    const endpoint = resolveEndpoint(value);
    if (!endpoints.some((earlier) => isSameEndpoint(earlier, endpoint))) endpoints.push(endpoint);
  }
  return endpoints;
}

/**
 * The genesis hash that every endpoint of `network` must have, if it is publicly known.
 *
 * @param network as for {@linkcode resolveEndpoints}.
 * @returns `0x` and 64 lowercase hex digits, or `undefined` for an unknown genesis (`local`, other URLs).
 * @throws {NetworkError} as {@linkcode resolveEndpoints}, and if the list mixes two public networks.
 */
export function knownGenesisHash(network: string | readonly string[]): string | undefined {
  let known: string | undefined;
  for (const endpoint of resolveEndpoints(network)) {
    const entry = Object.values(PUBLIC_NETWORKS).find((candidate) =>
      isSameEndpoint(candidate.endpoint, endpoint)
    );
    if (entry?.genesisHash === undefined) continue;
    if (known !== undefined && known !== entry.genesisHash) {
      throw new NetworkError(
        endpoint,
        `Cannot use the network list: ${endpoint} belongs to another chain than an earlier endpoint; ` +
          "list endpoints of one chain only",
      );
    }
    known = entry.genesisHash;
  }
  return known;
}

/**
 * The label of an endpoint for logs, errors and snapshots: scheme and host, since providers put access keys into credentials,
 * path and query. Two endpoints may have the same label.
 */
export function endpointLabel(endpoint: string): string {
  if (!URL.canParse(endpoint)) return redactAddress(endpoint);
  const { protocol, host, pathname, search } = new URL(endpoint);
  if (pathname.length > 1 || search !== "") return `${protocol}//${host}/…`;
  // Not `host`, which drops the default port.
  return redactAddress(endpoint);
}

function resolveEndpoint(value: string): string {
  const trimmed = typeof value === "string" ? value.trim() : "";
  const text = Object.hasOwn(PUBLIC_NETWORKS, trimmed) ? PUBLIC_NETWORKS[trimmed]?.endpoint : trimmed;
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  const problem = trimmed === ""
    ? "neither a name nor a URL"
    : url === undefined || !["ws:", "wss:"].includes(url.protocol) || url.hostname === ""
    ? "not a known name and not a ws:// or wss:// URL"
    : url.hash !== ""
    ? "a URL with a fragment, which a WebSocket cannot have"
    : undefined;
  if (text === undefined || problem !== undefined) {
    throw new NetworkError(
      redactAddress(String(value)),
      `Cannot resolve the network: ${JSON.stringify(redactAddress(String(value)))} is ${problem}; ` +
        `use one of ${NETWORK_NAMES.join(", ")} or a URL such as ws://127.0.0.1:9944`,
    );
  }
  return text;
}

function isSameEndpoint(left: string, right: string): boolean {
  return new URL(left).href === new URL(right).href;
}
