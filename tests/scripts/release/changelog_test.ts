import assert from "node:assert/strict";
import { ChangelogError, readSection, releaseNotes } from "../../../scripts/release/changelog.ts";

const CHANGELOG = `# Changelog

User-visible changes only.

## 1.1.0 (unreleased)

- Something new.

## 1.0.0 (2026-12-01)

- First.
- Second,
  on two lines.

## 0.9.0 (soon)

- Old.

## 0.8.0 (2026-01-01)
`;

Deno.test("readSection() finds the section of a version, dated or not", () => {
  assert.deepEqual(readSection(CHANGELOG, "1.0.0"), {
    version: "1.0.0",
    date: "2026-12-01",
    text: "- First.\n- Second,\n  on two lines.",
  });
  assert.deepEqual(readSection(CHANGELOG, "1.1.0"), {
    version: "1.1.0",
    date: null,
    text: "- Something new.",
  });
});

const refusals: [string, string, RegExp][] = [
  ["a version without a section", "1.0", /has no section of 1\.0, .*begin one with ## 1\.0 \(date\)/],
  [
    "a heading that is neither dated nor unreleased",
    "0.9.0",
    /"## 0\.9\.0 \(soon\)" must be ## 0\.9\.0 \(YYYY/,
  ],
  ["an empty section", "0.8.0", /the section of 0\.8\.0 is empty/],
];
for (const [what, version, message] of refusals) {
  Deno.test(`readSection() refuses ${what}`, () => {
    assert.throws(() => readSection(CHANGELOG, version), (error) => {
      assert.ok(error instanceof ChangelogError);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("readSection() finds the version of deno.json in CHANGELOG.md", async () => {
  const read = (path: string): Promise<string> =>
    Deno.readTextFile(new URL(`../../../${path}`, import.meta.url));
  const { version } = JSON.parse(await read("deno.json"));
  assert.equal(readSection(await read("CHANGELOG.md"), version).version, version);
});

Deno.test("releaseNotes() gives the section, and how to install what there is", () => {
  const names = ["ih-miner-1.0.0-x86_64.tar.gz", "ih-miner_1.0.0_amd64.deb", "ih-miner_1.0.0_arm64.deb"];
  const notes = releaseNotes(readSection(CHANGELOG, "1.0.0"), "1.0.0", names);
  assert.match(notes, /^# ih-miner 1\.0\.0 \(2026-12-01\)\n\n- First\./);
  assert.match(notes, /`ih-miner_1\.0\.0_amd64\.deb` or `ih-miner_1\.0\.0_arm64\.deb`/);
  assert.match(notes, /^ {4}cd ih-miner-1\.0\.0-x86_64$/m);
  assert.match(releaseNotes(readSection(CHANGELOG, "1.1.0"), "1.1.0~1", names), /a trial, not a release/);
});
