/**
 * Routes again and again, for `kill_rounds.ts` to kill: `kill_child.ts FOLDER`. Ends by itself.
 *
 * @module
 */

import { applyRouting } from "../../../src/delivery/proxies/route.ts";
import { killDemand, killPlace } from "./kill_place.ts";

const RUNS = 5000;

const { target, stateDirectory } = killPlace(Deno.args[0] ?? Deno.cwd());
for (let run = 0; run < RUNS; run++) {
  await applyRouting(target, killDemand(run), { stateDirectory, dryRun: false, nowMs: Date.now() });
  if (run === 0) await Deno.stdout.write(new TextEncoder().encode("ready\n"));
}
