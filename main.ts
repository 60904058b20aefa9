/**
 * ih-miner: sells Bitcoin hashrate on the InfiniteHash subnet of Bittensor.
 *
 * @module
 */

import { main } from "./src/cli/main.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
