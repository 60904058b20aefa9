import assert from "node:assert/strict";
import { licencesText } from "../../../scripts/release/licences.ts";
import type { Package } from "../../../scripts/release/packages.ts";

const each = (name: string, licenceText: string | null, bundled = true): Package => ({
  name,
  version: "1.0.0",
  integrity: "",
  dependencies: [],
  platformOnly: false,
  licence: "MIT",
  licenceText,
  bundled,
  neededBy: [],
});

Deno.test("licencesText() has each licence once, for all that is in the program", () => {
  const text = licencesText(
    [each("a", "One.\n"), each("b", "Two."), each("c", "One."), each("d", null), each("e", "Three.", false)],
    [{ name: "Deno 2.6.8", licence: "MIT", licenceText: "Four." }],
  );
  assert.match(text, /^Deno 2\.6\.8 \(MIT\)\n\nFour\.$/m);
  assert.match(text, /^a@1\.0\.0 \(MIT\)\nc@1\.0\.0 \(MIT\)\n\nOne\.$/m);
  assert.match(text, /^b@1\.0\.0 \(MIT\)\n\nTwo\.$/m);
  assert.match(
    text,
    /^d@1\.0\.0 \(MIT\)\n\n\(The package has no licence file; its package\.json names MIT\.\)$/m,
  );
  assert.ok(!text.includes("Three."));
});
