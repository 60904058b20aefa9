/**
 * Addresses to listen on: `127.0.0.1:9464`, `[::1]:9464`.
 *
 * @module
 */

import { formatHostPort } from "../lib/host_port.ts";

/** Where to listen. */
export interface ListenAddress {
  /** An IP address (IPv6 without brackets) or a name. */
  readonly hostname: string;
  readonly port: number;
}

/** Reads `HOST:PORT`; `null` when it is none. The host is never optional: what listens to all must say so. */
export function parseListenAddress(text: string): ListenAddress | null {
  const [, bracketed, plain, digits = ""] = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(
    text.trim(),
  ) ?? [];
  const hostname = bracketed ?? plain;
  const port = Number(digits);
  if (hostname === undefined || digits === "" || port < 1 || port > 65_535) return null;
  return { hostname, port };
}

/** `127.0.0.1:9464`, `[::1]:9464`. */
export function formatListenAddress({ hostname, port }: ListenAddress): string {
  return formatHostPort(hostname, port);
}

/** Whether only this machine can reach it. */
export function isLoopback({ hostname }: ListenAddress): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(\.\d+){3}$/.test(hostname);
}
