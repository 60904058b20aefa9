/**
 * The machines that are switched directly, for hosts without a mining proxy. Plain data.
 *
 * @module
 */

import { formatListenAddress } from "../../lib/listen_address.ts";

/** Where miners listen that speak the cgminer API. */
export const DEFAULT_API_PORT = 4028;

/** One machine. */
export interface AsicMiner {
  /** What the operator calls it. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Nominal, PH/s × 10^18, above 0. */
  readonly hashrateFp18: bigint;
  /** The number of the subnet's pool in the machine's own list. */
  readonly subnetPool: number;
  /** The number of the pool it mines at when it is not needed; another one. */
  readonly fallbackPool: number;
}

/** The machines and how they are used. Each address occurs once. */
export interface FleetConfig {
  readonly miners: readonly AsicMiner[];
  /** The part of what was won that the machines deliver, above 0 to 1. */
  readonly share: number;
  /** For one question to one machine, in milliseconds. */
  readonly timeoutMs: number;
}

/** `host:port` as it is shown; it tells one machine from another. */
export function minerAddress({ host, port }: Pick<AsicMiner, "host" | "port">): string {
  return formatListenAddress({ hostname: host, port });
}
