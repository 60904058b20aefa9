/**
 * The permissions of ih-miner, as flags of `deno compile` and `deno run`. They are the outer bound, which the main thread
 * needs: each job's worker gets much less (`src/agent/workers/launch.ts`), and systemd restricts the whole process
 * (`scripts/ih-miner-shared.conf`).
 *
 * @module
 */

import manifest from "../../deno.json" with { type: "json" };
import { ENVIRONMENT_NAMES, TERMINAL_VARIABLES } from "../../src/config/environment.ts";

const PERMISSIONS = [
  // The configured addresses: the chain's endpoints, the address to listen on, ASICs, the webhook, metrics.
  "--allow-net",
  // Configuration, hotkey, proxy files and state, at paths that the operator chooses.
  "--allow-read",
  // The proxy's file, its reload sentinel, the state folder, temporary folders.
  "--allow-write",
  // The configured solver, `reload_command`s and hooks. Signals to a proxy need the flag without a list.
  "--allow-run",
  // The documented variables, by name.
  `--allow-env=${[...ENVIRONMENT_NAMES, ...TERMINAL_VARIABLES].join(",")}`,
  // `ih-miner check` names the user who needs access to a file; the solver runs with low priority.
  "--allow-sys=uid,gid,setPriority",
  // No code is loaded from the network.
  "--deny-import",
  // Other permissions are refused without a question on the terminal.
  "--no-prompt",
];

/**
 * Otherwise V8 lets each worker's young generation grow to 48 MB. And it would optimise GLPK's and the signature's WebAssembly,
 * which takes 0.4 s and 20 MB, for the few milliseconds that each worker runs it.
 */
export const V8_FLAGS = "--v8-flags=--max-semi-space-size=1,--liftoff-only";

/** The flags that both forms of the program run with. */
export const RUNTIME_FLAGS: readonly string[] = [
  ...PERMISSIONS,
  ...manifest.unstable.map((feature) => `--unstable-${feature}`),
  // The code cache would be one more file that another user could have written.
  "--no-code-cache",
  V8_FLAGS,
];
