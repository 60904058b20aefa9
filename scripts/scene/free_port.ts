/**
 * Free ports, for demos and tests.
 *
 * @module
 */

/** A port of 127.0.0.1 that is free at the moment. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}
