/**
 * A sample of each family, always the same; `deno task fuzz` tries more.
 *
 * @module
 */

import assert from "node:assert/strict";
import { FAMILIES } from "./families.ts";
import { findText, tryFamily } from "./run.ts";

const SEED = 1;

for (const family of FAMILIES) {
  Deno.test({
    name: `fuzz, ${family.name}: ${family.holds}${
      family.missing === null ? "" : ` (skipped: ${family.missing})`
    }`,
    ignore: family.missing !== null,
    fn: async () => {
      const { cases, finds } = await tryFamily(family, { seed: SEED, cases: family.sample });
      assert.equal(finds.map((find) => findText(family.name, find)).join("\n"), "");
      assert.equal(cases, family.sample);
    },
  });
}
