/**
 * ih-miner: sells Bitcoin hashrate on the InfiniteHash subnet of Bittensor.
 *
 * @module
 */

import { endAtUncaughtErrors, main } from "./src/cli/main.ts";

if (import.meta.main) {
  endAtUncaughtErrors();
  Deno.exit(await main(Deno.args));
}
