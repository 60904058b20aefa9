/**
 * Addresses with a port, to listen on or to connect to: `127.0.0.1:9464`, `[::1]:9464`.
 *
 * @module
 */

import { isIPv4, isIPv6 } from "node:net";

/** A host and a port. */
export interface ListenAddress {
  /** An IP address (IPv6 without brackets) or a name. */
  readonly hostname: string;
  readonly port: number;
}

/** Parses `HOST:PORT`; `null` when invalid. Requires a host: listening on all interfaces must be explicit. */
export function parseListenAddress(text: string): ListenAddress | null {
  const [, bracketed, plain = "", digits = ""] =
    /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text.trim()) ?? [];
  const port = Number(digits);
  if (port < 1 || port > 65_535) return null;
  if (bracketed !== undefined) return isIPv6(bracketed) ? { hostname: bracketed, port } : null;
  return isIPv4(plain) || isHostName(plain) ? { hostname: plain, port } : null;
}

/** A name must not end in a number: it would be taken for an IPv4 address. */
function isHostName(text: string): boolean {
  const labels = text.replace(/\.$/, "").split(".");
  return text.length <= 253 && labels.every((label) => /^\w(?:[\w-]{0,61}\w)?$/.test(label)) &&
    !/^\d+$/.test(labels.at(-1)!);
}

/** `127.0.0.1:9464`, `[::1]:9464`. */
export function formatListenAddress({ hostname, port }: ListenAddress): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** Whether only this machine can reach the address. */
export function isLoopback({ hostname }: Pick<ListenAddress, "hostname">): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(\.\d+){3}$/.test(hostname);
}
