import assert from "node:assert/strict";
import { sha256Hex, sha256HexOfFile } from "../../src/lib/sha256.ts";

Deno.test("sha256Hex() and sha256HexOfFile() give the hash of the same bytes, in hexadecimal", async () => {
  const path = await Deno.makeTempFile();
  const cases: [text: string, hash: string | null][] = [
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    ["x".repeat(1_000_000), null],
  ];
  for (const [text, hash] of cases) {
    await Deno.writeTextFile(path, text);
    const bytes = new TextEncoder().encode(text);
    assert.equal(await sha256HexOfFile(path), hash ?? await sha256Hex(bytes));
    assert.equal(await sha256Hex(bytes), hash ?? await sha256HexOfFile(path));
  }
  await Deno.remove(path);
});
