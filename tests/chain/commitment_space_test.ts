import assert from "node:assert/strict";
import { nextSpaceEpoch } from "../../src/chain/commitment_space.ts";

Deno.test("nextSpaceEpoch() is the first block whose epoch index is the next one", () => {
  const index = (netuid: number, tempo: number, block: number): number =>
    Math.floor((block + netuid + 1) / (tempo + 1));
  for (const [netuid, tempo] of [[89, 360], [0, 99], [400, 10]] as const) {
    for (let block = 0; block < 3 * (tempo + 1); block++) {
      const next = nextSpaceEpoch(netuid, tempo, block);
      assert.equal(index(netuid, tempo, next), index(netuid, tempo, block) + 1);
      assert.equal(index(netuid, tempo, next - 1), index(netuid, tempo, block));
    }
  }
});
