import assert from "node:assert/strict";
import { parseWorkerId } from "../../../src/auction/credit/worker_id.ts";

const HOTKEY = "5CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";

Deno.test("parseWorkerId() splits an id with an account, and keeps the dots of its suffix", () => {
  const account = "sn89auction";
  const hotkey = HOTKEY;
  assert.deepEqual(parseWorkerId(`${account}.${hotkey}.rig1`), { account, hotkey, suffix: "rig1" });
  assert.deepEqual(parseWorkerId(`${account}.${hotkey}.rack.7.b`), { account, hotkey, suffix: "rack.7.b" });
});

Deno.test("parseWorkerId() splits an id without an account", () => {
  assert.deepEqual(parseWorkerId(`${HOTKEY}.rig1`), { account: null, hotkey: HOTKEY, suffix: "rig1" });
});

Deno.test("parseWorkerId() compares the first 48 characters of a hotkey", () => {
  assert.equal(parseWorkerId(`sn89auction.${HOTKEY}x.rig1`)?.hotkey, HOTKEY);
});

Deno.test("parseWorkerId() refuses an id that names nobody", () => {
  for (const text of ["", "rig1", `${HOTKEY}.`, `sn89auction.${HOTKEY}.`, "sn89auction..rig1", ".rig1"]) {
    assert.equal(parseWorkerId(text), null, text);
  }
});
