import assert from "node:assert/strict";
import fc from "fast-check";
import { findValidators, stakeWeight } from "../../../src/auction/protocol/validators.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("findValidators() keeps hotkeys with stake and a readable price commitment", () => {
  const validators = findValidators(
    [
      ["staked", bytesOf("1;p;cap=1")],
      ["empty", bytesOf("1;p;")],
      ["poor", bytesOf("1;p;cap=1")],
      ["miner", bytesOf("2;b;BTC,1=0.1:1")],
      ["broken", new Uint8Array([0x80])],
    ],
    new Map([["staked", 5n], ["empty", 6n], ["miner", 7n], ["broken", 8n]]),
  );
  assert.deepEqual(validators.map(({ hotkey, stakeWeight }) => [hotkey, stakeWeight]), [
    ["staked", 5n],
    ["empty", 6n],
  ]);
});

Deno.test("stakeWeight() of the chain's stake is rao-sized", () => {
  const ofRao = (rao: bigint): bigint => stakeWeight(Number(rao) / 1e9);
  assert.equal(ofRao(1n), 1n);
  assert.equal(ofRao(1_000_000_000_000n), 1_000_000_000_000n);
  assert.equal(ofRao(0n), 0n);
  fc.assert(fc.property(fc.integer({ min: 0, max: 1_000_000_000 }), (rao) => {
    // Two divisions of a small integer stay within a double's precision.
    assert.equal(ofRao(BigInt(rao)), BigInt(rao));
  }));
});

Deno.test("stakeWeight() goes by the shortest text of the double", () => {
  assert.equal(stakeWeight(123_456_789_012_345_678), 123_456_789_012_345_690_000_000_000n);
  assert.equal(stakeWeight(Number(18_446_744_073_709_551_615n)), 18_446_744_073_709_553_000_000_000_000n);
});

Deno.test("stakeWeight() rounds halves to even beyond 18 decimals", () => {
  assert.equal(stakeWeight(1.5e-9), 2n);
  assert.equal(stakeWeight(2.5e-9), 2n);
  assert.equal(stakeWeight(2.6e-9), 3n);
});
