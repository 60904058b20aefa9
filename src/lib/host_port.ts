/**
 * Where somebody listens, as text.
 *
 * @module
 */

/** `127.0.0.1:9464`, `[::1]:9464`. */
export function formatHostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
