import assert from "node:assert/strict";
import { LockFileError, readLockFile } from "../../../scripts/release/lock_file.ts";

const lock = (npm: Record<string, unknown>, rest: Record<string, unknown> = {}): string =>
  JSON.stringify({ version: "5", npm, ...rest });

Deno.test("readLockFile() lists each version of a package once, with its dependencies", () => {
  const text = lock({
    "b@2.0.0_@s+peer@1.0.0": { integrity: "sha512-b", dependencies: ["@s/peer", "c@1.0.0"] },
    "b@2.0.0_@s+peer@1.0.0__c@2.0.0": { integrity: "sha512-b", dependencies: ["@s/peer", "c@1.0.0"] },
    "@s/peer@1.0.0": { integrity: "sha512-p", optionalDependencies: ["@s/linux"] },
    "@s/linux@1.0.0": { integrity: "sha512-l", os: ["linux"] },
    "c@2.0.0": { integrity: "sha512-c2" },
    "c@1.0.0": { integrity: "sha512-c1" },
  });
  const plain = { dependencies: [], platformOnly: false };
  assert.deepEqual(readLockFile(text), [
    { ...plain, name: "@s/linux", version: "1.0.0", integrity: "sha512-l", platformOnly: true },
    { ...plain, name: "@s/peer", version: "1.0.0", integrity: "sha512-p", dependencies: ["@s/linux@1.0.0"] },
    {
      ...plain,
      name: "b",
      version: "2.0.0",
      integrity: "sha512-b",
      dependencies: ["@s/peer@1.0.0", "c@1.0.0"],
    },
    { ...plain, name: "c", version: "1.0.0", integrity: "sha512-c1" },
    { ...plain, name: "c", version: "2.0.0", integrity: "sha512-c2" },
  ]);
});

const refusals: [string, string, RegExp][] = [
  ["another version of the format", JSON.stringify({ version: "6" }), /its version is 6, not 5/],
  ["modules from elsewhere", lock({}, { jsr: {} }), /not npm packages/],
  ["a dependency that is missing", lock({ "a@1.0.0": { dependencies: ["b"] } }), /it lacks b/],
  ["a key without a version", lock({ a: {} }), /"a" is not of the form/],
];
for (const [what, text, message] of refusals) {
  Deno.test(`readLockFile() refuses ${what}`, () => {
    assert.throws(() => readLockFile(text), (error) => {
      assert.ok(error instanceof LockFileError);
      assert.match(error.message, message);
      return true;
    });
  });
}
