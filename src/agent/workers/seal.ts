/// <reference no-default-lib="true" />
/// <reference lib="deno.unstable" />
/// <reference lib="deno.worker" />
/**
 * Takes from a worker what Deno's permissions do not: the process's stdout and stderr, on which it could forge log lines and
 * result documents, its stdin, and the calls that abort the whole process.
 *
 * The first import of each worker's module, so that it comes before any package's code.
 *
 * @module
 */

import process from "node:process";

for (const stream of [Deno.stdin, Deno.stdout, Deno.stderr]) stream.close();

// Deno's own functions are reached through it, that of `process.abort()` among them.
const { internal } = Deno as unknown as { readonly internal: symbol };
Reflect.deleteProperty((Deno as unknown as Record<symbol, object>)[internal]!, "core");

Object.defineProperty(process, "abort", {
  value: () => {
    throw new Error("Cannot abort the process: a worker may only end itself");
  },
});
