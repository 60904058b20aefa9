/**
 * The configured machines that are switched directly, for hosts without a proxy. Plain data.
 *
 * @module
 */

import { formatListenAddress } from "../../lib/listen_address.ts";

/** The usual port of the cgminer API. */
export const DEFAULT_API_PORT = 4028;

/** One machine. */
export interface AsicMiner {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Nominal, PH/s × 10^18, above 0. */
  readonly hashrateFp18: bigint;
  /** The number of the subnet's pool in the machine's list. */
  readonly subnetPool: number;
  /** The number of the pool it mines at otherwise; a different one. */
  readonly fallbackPool: number;
}

/** The machines and their common settings. Each address occurs once. */
export interface FleetConfig {
  readonly miners: readonly AsicMiner[];
  /** The share of the won hashrate that the machines deliver, above 0 up to 1. */
  readonly share: number;
  /** For one request to one machine. */
  readonly timeoutMs: number;
}

/** `host:port`; identifies a machine. */
export function minerAddress({ host, port }: Pick<AsicMiner, "host" | "port">): string {
  return formatListenAddress({ hostname: host, port });
}
