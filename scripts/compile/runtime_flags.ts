/**
 * What ih-miner may do, as flags of `deno compile` and `deno run`: the outer bound, held by the main thread.
 *
 * Each job's worker gets much less (`src/agent/workers/launch.ts`), and systemd bounds the rest
 * (`scripts/ih-miner.service`).
 *
 * @module
 */

import manifest from "../../deno.json" with { type: "json" };
import { ENVIRONMENT_NAMES } from "../../src/config/environment.ts";

/** One right and what it is for. */
export interface Permission {
  readonly flag: string;
  /** For the README and for reviewers. */
  readonly why: string;
}

/** Every right of the program. Nothing else is granted, and nobody is ever asked for more. */
export const PERMISSIONS: readonly Permission[] = [
  {
    flag: "--allow-net",
    why:
      "what the configuration names: the chain's endpoints, the address to listen on, ASICs, the webhook, metrics",
  },
  {
    flag: "--allow-read",
    why: "configuration, hotkey, proxy files and state: at paths the operator chooses",
  },
  {
    flag: "--allow-write",
    why: "the proxy's file, its reload sentinel, the state folder, temporary folders",
  },
  {
    flag: "--allow-run",
    why:
      "the configured solver, `reload_command`s and hooks, and signals to a proxy (Deno asks for all of it)",
  },
  { flag: `--allow-env=${ENVIRONMENT_NAMES.join(",")}`, why: "the documented variables, by name" },
  { flag: "--allow-sys=uid,gid", why: "`ih-miner check` names the user whom a file must be given to" },
  { flag: "--deny-import", why: "no code is ever loaded from the network" },
  { flag: "--no-prompt", why: "what is not granted is refused, never asked for on a terminal" },
];

/** The flags both forms of the program run with. */
export const RUNTIME_FLAGS: readonly string[] = [
  ...PERMISSIONS.map(({ flag }) => flag),
  ...manifest.unstable.map((feature) => `--unstable-${feature}`),
  // The cache would be one more file that somebody else could have written.
  "--no-code-cache",
  // V8 would let each worker's young generation grow to 48 MB: two workers at once took 200 MB, and take 150.
  "--v8-flags=--max-semi-space-size=1",
];
