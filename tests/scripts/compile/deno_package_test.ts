import assert from "node:assert/strict";
import { checkIntegrity, chooseVersion, DenoPackageError } from "../../../scripts/compile/deno_package.ts";

Deno.test("chooseVersion() takes the wanted version, else the lowest newer one", () => {
  const available = ["2.2.11", "2.10.0", "2.7.7", "2.6.8", "3.0.0-rc.1"];
  assert.equal(chooseVersion(available, "2.6.8"), "2.6.8");
  assert.equal(chooseVersion(available, "2.6.9"), "2.7.7");
  assert.equal(chooseVersion(available, "2.7.8"), "2.10.0");
  assert.equal(chooseVersion(available, "2.10.1"), null);
});

Deno.test("checkIntegrity() compares with every given hash", async () => {
  const bytes = new TextEncoder().encode("deno");
  const right = `sha512-${new Uint8Array(await crypto.subtle.digest("SHA-512", bytes)).toBase64()}`;
  await checkIntegrity(bytes, "deno@1", [right, right]);
  const wrong = right.replace(/^sha512-../, "sha512-zz");
  await assert.rejects(() => checkIntegrity(bytes, "deno@1", [right, wrong]), DenoPackageError);
  await assert.rejects(() => checkIntegrity(bytes, "deno@1", [wrong, right]), DenoPackageError);
});
