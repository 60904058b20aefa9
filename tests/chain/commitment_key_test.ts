import assert from "node:assert/strict";
import { commitmentKey } from "../../src/chain/commitment_key.ts";
import { connectChain } from "../../src/chain/connection.ts";
import { NETUID, TEMPO } from "../../scripts/scene/market.ts";
import { setScene } from "../support/scene.ts";

Deno.test("commitmentKey() computes the key under which a chain stores a hotkey's record", async () => {
  await using stage = await setScene();
  const chain = await connectChain({
    endpoints: [stage.simulator.url],
    expectedGenesisHash: undefined,
    nowMs: Date.now,
  });
  const head = await chain.bestHead();
  const snapshot = await chain.readSnapshot({
    netuid: NETUID,
    tempo: TEMPO,
    head,
    firstBlockNumber: head.number,
  });
  await chain.close();
  assert.ok(snapshot.commitments.length > 10);
  for (const { hotkey, storageKey } of snapshot.commitments) {
    const others = snapshot.commitments.filter((record) => record.hotkey !== hotkey);
    assert.equal(commitmentKey({ commitments: others }, hotkey), storageKey);
    assert.equal(commitmentKey(snapshot, hotkey), storageKey);
  }
});

Deno.test("commitmentKey() gives a key on a chain without any record", async () => {
  await using stage = await setScene();
  assert.match(commitmentKey({ commitments: [] }, stage.rig.hotkey), /^0x[\da-f]{80}$/);
});
