import assert from "node:assert/strict";
import { MAX_RECORD_BYTES, MAX_RECORDS } from "../../src/auction/inputs/snapshot.ts";
import { MAX_REPLY_CHARACTERS, openJsonRpc } from "../../src/chain/json_rpc.ts";
import { readKeys } from "../../src/chain/storage.ts";
import { startSimulator } from "../../src/simulator/mod.ts";
import { ALICE, connect, NETUID } from "./fixtures.ts";
import { startMockNode } from "./mock_node.ts";

const LIMITS = { connectTimeoutMs: 5_000, requestTimeoutMs: 20_000 };

Deno.test("readKeys() refuses more keys than it may read", async () => {
  let count = MAX_RECORDS;
  await using node = startMockNode({
    state_getKeysPaged: ([, size, start]) => {
      const from = start === null ? 0 : Number.parseInt(String(start).slice(4), 16) + 1;
      const length = Math.min(Number(size), count - from);
      return Array.from({ length }, (_, i) => `0xab${(from + i).toString(16).padStart(8, "0")}`);
    },
  });
  const rpc = await openJsonRpc({ endpoint: node.url, ...LIMITS });
  assert.equal((await readKeys(rpc, "0xab", "0x00", MAX_RECORDS)).length, MAX_RECORDS);
  count = MAX_RECORDS + 1;
  await assert.rejects(readKeys(rpc, "0xab", "0x00", MAX_RECORDS), /it lists more than 4096 keys/);
  // A list without an end ends, too.
  count = Infinity;
  await assert.rejects(readKeys(rpc, "0xab", "0x00", MAX_RECORDS), /it lists more than 4096 keys/);
  await rpc.close();
});

Deno.test("a message of more than MAX_REPLY_CHARACTERS ends the connection, one of fewer does not", async () => {
  let length = MAX_REPLY_CHARACTERS - 100;
  await using node = startMockNode({ state_getMetadata: () => "x".repeat(length) });
  const rpc = await openJsonRpc({ endpoint: node.url, ...LIMITS });
  assert.equal(String(await rpc.request("state_getMetadata")).length, length);
  length = MAX_REPLY_CHARACTERS;
  await assert.rejects(
    rpc.request("state_getMetadata"),
    /it sent a message of more than 33554432 characters/,
  );
  assert.equal(rpc.isOpen, false);
  await rpc.close();
});

Deno.test("readSnapshot() refuses a record of more than MAX_RECORD_BYTES", async () => {
  await using simulator = await startSimulator({ startBlock: 7_500_000 });
  const { chain } = simulator;
  const read = async (bytes: number): Promise<number> => {
    chain.setCommitment({ netuid: NETUID, hotkey: ALICE, data: { storage: `0x${"00".repeat(bytes)}` } });
    chain.advance(1);
    await using connection = await connect(simulator.url);
    const head = await connection.bestHead();
    const tempo = await connection.tempo(NETUID);
    const asked = { netuid: NETUID, tempo, head, firstBlockNumber: head.number };
    return (await connection.readSnapshot(asked)).commitments.length;
  };
  assert.equal(await read(MAX_RECORD_BYTES), 1);
  await assert.rejects(read(MAX_RECORD_BYTES + 1), /has more than 16384 bytes/);
});
