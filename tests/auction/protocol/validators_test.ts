import assert from "node:assert/strict";
import { findValidators } from "../../../src/auction/protocol/validators.ts";

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
