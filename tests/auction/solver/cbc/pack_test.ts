import assert from "node:assert/strict";
import { packedCommand, packedMode, readArchive } from "../../../../src/auction/solver/cbc/pack.ts";
import { packOf } from "./stand_in_pack.ts";

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

Deno.test("readArchive() returns every file of an archive whole, whatever its size", async () => {
  const contents = { cbc: "x".repeat(1025), "licences/cbc.txt": "y".repeat(512), "a/b/c": "" };
  const { readArchive: read } = await packOf(contents);
  const files = await readArchive(await read());
  assert.deepEqual(Object.fromEntries([...files].map(([path, bytes]) => [path, text(bytes)])), contents);
});

Deno.test("readArchive() refuses what is damaged, cut off or no archive", async () => {
  const { readArchive: read } = await packOf({ cbc: "program", other: "z".repeat(2000) });
  const archive = await read();
  const gzip = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
    await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
  const gunzipped = await new Response(
    new Blob([archive]).stream().pipeThrough(new DecompressionStream("gzip")),
  ).bytes();
  const cases = [
    archive.slice(0, archive.length - 20),
    new TextEncoder().encode("no archive"),
    await gzip(gunzipped.slice(0, 2048)),
    await gzip(gunzipped.map((byte, at) => at === 156 ? "2".charCodeAt(0) : byte)),
    await gzip(gunzipped.map((byte, at) => at >= 124 && at < 136 ? "x".charCodeAt(0) : byte)),
  ];
  for (const [at, bytes] of cases.entries()) {
    await assert.rejects(readArchive(bytes), { name: "ArchiveError" }, `case ${at}`);
  }
});

Deno.test("packedCommand() starts the program, under the emulator where the pack has one", () => {
  const [cbc, emulator] = ["cbc", "qemu-x86_64"].map((path) => ({ path, sha256: "" }));
  assert.deepEqual(packedCommand([cbc!], "/s"), ["/s/cbc"]);
  assert.deepEqual(packedCommand([cbc!, emulator!], "/s"), [
    "/s/qemu-x86_64",
    "-L",
    "/s/x86_64-root",
    "/s/cbc",
  ]);
});

Deno.test("packedMode() makes programs executable, and gives no other user any access", () => {
  const modes = ["cbc", "qemu-x86_64", "licences/cbc.txt", "x86_64-root/lib64/ld-linux-x86-64.so.2"]
    .map((path) => packedMode({ path, sha256: "" }).toString(8));
  assert.deepEqual(modes, ["700", "700", "600", "600"]);
});
