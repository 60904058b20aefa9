/**
 * Starts `stand_in_proxy.ts` with a sidecar.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LineProcess, startProcess, startSidecar, waitFor } from "./processes.ts";
import { PATIENCE_MS } from "./stage.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SCRIPT = fileURLToPath(new URL("stand_in_proxy.ts", import.meta.url));

/** The two proxies. */
export const MODES = ["ihp", "braiins"] as const;
/** One of {@link MODES}. */
export type Mode = (typeof MODES)[number];

/** A stand-in proxy, its file and the sentinel that its sidecar watches. */
export interface ProxyFiles {
  readonly mode: Mode;
  readonly path: string;
  readonly sentinelPath: string;
}

/** Starts both. The proxy prints each target that it loads, `{"loaded": …}`. */
export async function startStandIn(files: ProxyFiles): Promise<LineProcess> {
  const proxy = startProcess(Deno.execPath(), [
    ...["run", "--quiet", "--frozen", "--config", join(ROOT, "deno.json")],
    ...["--allow-read", "--allow-env", SCRIPT, files.mode, files.path],
  ], keptEnvironment());
  try {
    await waitFor("the proxy's start", () => proxy.lines.length > 0, PATIENCE_MS);
  } catch (error) {
    await proxy[Symbol.asyncDispose]();
    throw error;
  }
  const sidecar = startSidecar(files.sentinelPath, proxy.pid);
  return {
    pid: proxy.pid,
    lines: proxy.lines,
    status: proxy.status,
    kill: proxy.kill,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await sidecar[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** The variables by which Deno finds its cache. */
export function keptEnvironment(): Record<string, string> {
  const names = ["HOME", "PATH", "DENO_DIR", "XDG_CACHE_HOME", "DENO_TLS_CA_STORE"];
  return Object.fromEntries(names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}
