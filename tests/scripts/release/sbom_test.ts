import assert from "node:assert/strict";
import type { Package } from "../../../scripts/release/packages.ts";
import { makeSbom, type SbomOptions } from "../../../scripts/release/sbom.ts";

const hash = new Uint8Array(64).fill(171);

const each = (name: string, rest: Partial<Package> = {}): Package => ({
  name,
  version: "1.2.3",
  integrity: `sha512-${hash.toBase64()}`,
  dependencies: [],
  platformOnly: false,
  licence: "MIT",
  licenceText: null,
  bundled: true,
  neededBy: [name],
  ...rest,
});

const options: SbomOptions = {
  version: "1.0.0",
  licence: "GPL-3.0-or-later",
  date: new Date("2026-12-01T09:30:00.123Z"),
  programs: [
    { target: "x86_64-unknown-linux-gnu", sha256: "ab".repeat(32), denoVersion: "2.6.8" },
    { target: "aarch64-unknown-linux-gnu", sha256: "cd".repeat(32), denoVersion: "2.6.8" },
  ],
  packages: [
    each("@scope/inner", { neededBy: ["outer"] }),
    each("outer", { dependencies: ["@scope/inner@1.2.3"] }),
    each("tester", { bundled: false }),
  ],
};

// deno-lint-ignore no-explicit-any -- a document is read by name
const read = async (changed: Partial<SbomOptions> = {}): Promise<any> =>
  JSON.parse(await makeSbom({ ...options, ...changed }));

Deno.test("makeSbom() has what CycloneDX 1.6 requires", async () => {
  const sbom = await read();
  assert.equal(sbom.bomFormat, "CycloneDX");
  assert.equal(sbom.specVersion, "1.6");
  assert.match(
    sbom.serialNumber,
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  assert.equal(sbom.version, 1);
  assert.equal(sbom.metadata.timestamp, "2026-12-01T09:30:00Z");
  const all = [sbom.metadata.component, ...sbom.metadata.component.components, ...sbom.components];
  for (const { type, name } of all) {
    assert.ok(["application", "library", "platform", "file"].includes(type));
    assert.ok(name.length > 0);
  }
  const references = all.map((component) => component["bom-ref"]);
  assert.equal(new Set(references).size, references.length);
  for (const { ref, dependsOn = [] } of sbom.dependencies) {
    for (const reference of [ref, ...dependsOn]) assert.ok(references.includes(reference), reference);
  }
});

Deno.test("makeSbom() names each package with its hash, its licence and whether it is in the program", async () => {
  const { components, dependencies, metadata } = await read();
  assert.deepEqual(components[1], {
    "bom-ref": "pkg:npm/%40scope/inner@1.2.3",
    type: "library",
    group: "@scope",
    name: "inner",
    version: "1.2.3",
    scope: "required",
    hashes: [{ alg: "SHA-512", content: "ab".repeat(64) }],
    licenses: [{ expression: "MIT" }],
    purl: "pkg:npm/%40scope/inner@1.2.3",
  });
  assert.equal(components.find(({ name }: { name: string }) => name === "tester").scope, "excluded");
  assert.equal(components.filter(({ name }: { name: string }) => name === "deno").length, 1);
  assert.deepEqual(dependencies[0], {
    ref: metadata.component["bom-ref"],
    dependsOn: ["pkg:github/denoland/deno@v2.6.8", "pkg:npm/outer@1.2.3", "pkg:npm/tester@1.2.3"],
  });
  assert.deepEqual(
    dependencies.find(({ ref }: { ref: string }) => ref === "pkg:npm/outer@1.2.3").dependsOn,
    ["pkg:npm/%40scope/inner@1.2.3"],
  );
});

Deno.test("makeSbom() gives the same text for the same release, and another number for another one", async () => {
  assert.equal(await makeSbom(options), await makeSbom(options));
  assert.notEqual((await read()).serialNumber, (await read({ version: "1.0.1" })).serialNumber);
});
