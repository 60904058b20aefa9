import assert from "node:assert/strict";
import { leftOut } from "../../../src/cli/init/left_out.ts";

const NEW =
  `[bittensor]\nnetwork = "finney"\n[workers]\nworker_sizes = { "0.45" = 2 }\n[routing]\nmode = "ihp"\n`;

Deno.test("leftOut() names the sections and keys of the old file that the new one lacks", () => {
  const old = `title = "x"\n[bittensor]\nnetwork = "test"\n[workers]\nworker_sizes = { "0.1" = 1 }\n` +
    `[[workers.tiers]]\nprice_multiplier = "1"\n[routing]\nmode = "ihp"\nsentinel_path = "/s"\n` +
    `[http]\nlisten = "127.0.0.1:9464"\n[[delivery.sources]]\nworkers_api = "http://127.0.0.1:1"\n`;
  assert.deepEqual(leftOut(old, NEW), [
    "title",
    "[workers] tiers",
    "[routing] sentinel_path",
    "[http]",
    "[delivery]",
  ]);
});

Deno.test("leftOut() finds the original's list of sizes in worker_sizes", () => {
  assert.deepEqual(leftOut(`[workers]\nhashrates = ["0.1"]\n`, NEW), []);
});

Deno.test("leftOut() is empty for a text that is no TOML", () => {
  assert.deepEqual(leftOut("# mine [\n[[[", NEW), []);
});
