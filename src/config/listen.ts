/**
 * Addresses to listen on: `127.0.0.1:9464`, `[::1]:9464`.
 *
 * @module
 */

import { isIPv4, isIPv6 } from "node:net";
import { formatHostPort } from "../lib/host_port.ts";

/** Where to listen. */
export interface ListenAddress {
  /** An IP address (IPv6 without brackets) or a name. */
  readonly hostname: string;
  readonly port: number;
}

/** Reads `HOST:PORT`; `null` when it is none. The host is never optional: what listens to all must say so. */
export function parseListenAddress(text: string): ListenAddress | null {
  const [, bracketed, plain = "", digits = ""] =
    /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text.trim()) ?? [];
  const port = Number(digits);
  if (port < 1 || port > 65_535) return null;
  if (bracketed !== undefined) return isIPv6(bracketed) ? { hostname: bracketed, port } : null;
  return isIPv4(plain) || isHostName(plain) ? { hostname: plain, port } : null;
}

/** Whether it is a name. One that ends in a number would be taken for an IPv4 address, and is none. */
function isHostName(text: string): boolean {
  const labels = text.replace(/\.$/, "").split(".");
  return text.length <= 253 && labels.every((label) => /^\w(?:[\w-]{0,61}\w)?$/.test(label)) &&
    !/^\d+$/.test(labels.at(-1)!);
}

/** `127.0.0.1:9464`, `[::1]:9464`. */
export function formatListenAddress({ hostname, port }: ListenAddress): string {
  return formatHostPort(hostname, port);
}

/** Whether only this machine can reach it. */
export function isLoopback({ hostname }: ListenAddress): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127(\.\d+){3}$/.test(hostname);
}
