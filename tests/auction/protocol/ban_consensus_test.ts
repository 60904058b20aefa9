import assert from "node:assert/strict";
import { bannedHotkeys } from "../../../src/auction/protocol/ban_consensus.ts";

const neurons = [{ uid: 3, hotkey: "miner" }, { uid: 4, hotkey: "other" }];

Deno.test("bannedHotkeys() needs more than half of the stake, by integer division", () => {
  const vote = (...stakes: [bigint, boolean][]): string[] => [
    ...bannedHotkeys(
      stakes.map(([stakeWeight, bans]) => ({ stakeWeight, bannedUids: bans ? [3] : [] })),
      neurons,
    ).keys(),
  ];
  assert.deepEqual(vote([5n, true], [5n, false]), []);
  assert.deepEqual(vote([6n, true], [5n, false]), ["miner"]);
  // The half of 3 is 1.
  assert.deepEqual(vote([1n, true], [2n, false]), []);
  assert.deepEqual(vote([2n, true], [1n, false]), ["miner"]);
  assert.deepEqual(vote(), []);
});

Deno.test("bannedHotkeys() reports the stake behind a ban, and skips UIDs without a hotkey", () => {
  const bans = bannedHotkeys([{ stakeWeight: 9n, bannedUids: [3, 200] }], neurons);
  assert.deepEqual([...bans], [["miner", { uid: 3, markingStake: 9n, totalStake: 9n }]]);
});

Deno.test("bannedHotkeys() takes the last holder of a UID", () => {
  const twice = [...neurons, { uid: 3, hotkey: "successor" }];
  assert.deepEqual([...bannedHotkeys([{ stakeWeight: 1n, bannedUids: [3] }], twice).keys()], ["successor"]);
});
