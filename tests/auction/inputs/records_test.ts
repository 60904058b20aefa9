import assert from "node:assert/strict";
import fc from "fast-check";
import { readRecord } from "../../../src/auction/inputs/records.ts";

const BID = "2;b;BTC,1=0.1:1";
const BREAKS = { kind: "breaks-validators" };

function read(fieldKind: string, text: string | Uint8Array): string | null {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  const reading = readRecord({ fieldKind, data: `0x${bytes.toHex()}` });
  return reading.kind === "bytes" ? new TextDecoder("latin1").decode(reading.bytes) : null;
}

Deno.test("readRecord() takes the bytes of raw fields and of hashes as they are", () => {
  for (const kind of ["Raw1", "Raw15", "Raw128", "BlakeTwo256", "Sha256", "Keccak256", "ShaThree256"]) {
    assert.equal(read(kind, BID), BID, kind);
  }
});

Deno.test("readRecord() finds records that break the validators' client", () => {
  for (
    const kind of ["None", "Raw0", "ResetBondsFlag", "TimelockEncrypted", "Empty", "Undecodable", "Surprise"]
  ) {
    assert.deepEqual(readRecord({ fieldKind: kind, data: "0x00" }), BREAKS, kind);
  }
  assert.deepEqual(readRecord({ fieldKind: "Raw3", data: null }), BREAKS);
});

Deno.test("readRecord() reads a BigRaw that is text as hexadecimal behind two characters", () => {
  const hex = new TextEncoder().encode(BID).toHex();
  for (
    const text of [
      `0x${hex}`,
      `éß${hex.toUpperCase()}`,
      `😀x${hex}`,
      `0x ${hex.slice(0, 4)}\t ${hex.slice(4)}\n`,
    ]
  ) {
    assert.equal(read("BigRaw", text), BID, text);
  }
});

Deno.test("readRecord() breaks at a BigRaw of other text, and reads less than three characters as nothing", () => {
  for (const text of [BID, "0x123", "0x1 2", "0xzz", "0x\u200912"]) {
    assert.equal(read("BigRaw", text), null, text);
  }
  for (const text of ["", "a", "0x"]) assert.equal(read("BigRaw", text), "", text);
});

Deno.test("readRecord() takes a BigRaw that is not text as it is", () => {
  const bytes = new Uint8Array([...new TextEncoder().encode(BID), 0xff, 1, 2]);
  assert.equal(read("BigRaw", bytes), `${BID}ÿ\u0001\u0002`);
});

Deno.test("readRecord() reads back any bytes written as hexadecimal", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
    assert.equal(read("BigRaw", `0x${bytes.toHex()}`), new TextDecoder("latin1").decode(bytes));
  }));
});
