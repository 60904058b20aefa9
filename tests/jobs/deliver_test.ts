import assert from "node:assert/strict";
import { checkWorkers, type WorkersConfig } from "../../src/config/workers.ts";
import { unroutedDemand } from "../../src/jobs/deliver.ts";

function workersOf(section: object, allowV1 = false): WorkersConfig {
  return checkWorkers({ section, unquotedKeys: [], source: "config.toml", allowV1 });
}

Deno.test("unroutedDemand() counts all configured workers as lost", () => {
  const table = workersOf({ price_multiplier: "1", worker_sizes: { "0.45": 2, "0.250": 1 } });
  assert.deepEqual(unroutedDemand(table), { wonSizes: [], lostSizes: ["0.45", "0.45", "0.25"] });
  const list = workersOf({ price_multiplier: "1", hashrates: [" 1.35", ".1"] });
  assert.deepEqual(unroutedDemand(list), { wonSizes: [], lostSizes: ["1.35", "0.1"] });
  assert.deepEqual(unroutedDemand(null), { wonSizes: [], lostSizes: [] });
});

Deno.test("unroutedDemand() takes sizes that only v1 bids may have", () => {
  const list = workersOf({ price_multiplier: "1", hashrates: ["0.01", "5"] }, true);
  assert.deepEqual(unroutedDemand(list), { wonSizes: [], lostSizes: ["0.01", "5"] });
});
