import assert from "node:assert/strict";
import { type ChainOptions, SimulatedChain, SLOT_MS } from "../../src/simulator/mod.ts";
import type { ChainEvent } from "../../src/simulator/chain.ts";
import { account, address, NETUID, runtime318 } from "./support.ts";

const ALICE = account("Alice").address;
const START = 7_500_000;
const START_MS = 1_760_000_000_000;

function makeChain(options: ChainOptions = {}): SimulatedChain {
  return new SimulatedChain({ startBlock: START, startTimestampMs: START_MS, ...options });
}

/** What a chain tells its listeners, as `kind number`. */
function record(chain: SimulatedChain): string[] {
  const heard: string[] = [];
  chain.subscribe((event: ChainEvent) => {
    heard.push(event.kind === "edited" ? "edited" : `${event.kind} ${event.block.number}`);
  });
  return heard;
}

function commitmentBlock(chain: SimulatedChain, number: number, hotkey = ALICE): number | null {
  const key = chain.storageKey("Commitments", "CommitmentOf", NETUID, hotkey);
  const stored = chain.storageAt(chain.blockAt(number)!, key);
  if (stored === undefined) return null;
  const record = chain.runtime.decodeStorage("Commitments", "CommitmentOf", stored)!.toJSON();
  return (record as { block: number }).block;
}

function timestampAt(chain: SimulatedChain, number: number): number {
  const stored = chain.storageAt(chain.blockAt(number)!, chain.storageKey("Timestamp", "Now"));
  return Number(chain.runtime.decodeStorage("Timestamp", "Now", stored));
}

Deno.test("SimulatedChain.advance() builds linked blocks 12 s apart", () => {
  const chain = makeChain();
  assert.deepEqual(chain.head.number, START);
  chain.advance(3);
  assert.equal(chain.head.number, START + 3);
  for (let number = START - 2; number <= START + 3; number++) {
    const block = chain.blockAt(number)!;
    assert.equal(block.header.parentHash, chain.blockHash(number - 1));
    assert.equal(Number(block.header.number), number);
    assert.equal(timestampAt(chain, number), START_MS + (number - START) * SLOT_MS);
    assert.equal(chain.blockByHash(block.hash), block);
  }
  assert.equal(chain.blockHash(START + 4), null);
  assert.equal(chain.blockHash(0), chain.genesisHash);
});

Deno.test("SimulatedChain keeps the state of every block", () => {
  const chain = makeChain();
  chain.advance(2);
  chain.setCommitment({ netuid: NETUID, hotkey: ALICE, data: "2;b;BTC,1=0.1:3" });
  chain.advance(5);
  chain.setCommitment({ netuid: NETUID, hotkey: ALICE, data: "2;b;", block: 17 });
  chain.advance(2);
  chain.removeCommitment(NETUID, ALICE);
  assert.deepEqual(
    [1, 2, 6, 7, 8, 9].map((after) => commitmentBlock(chain, START + after)),
    [null, START + 2, START + 2, 17, 17, null],
  );
});

Deno.test("SimulatedChain shows the start block's state below it", () => {
  const chain = makeChain();
  chain.setTempo(NETUID, 99);
  const key = chain.storageKey("SubtensorModule", "Tempo", NETUID);
  assert.equal(chain.storageAt(chain.blockAt(START - 61)!, key), "6300");
  assert.equal(chain.storageAt(chain.blockAt(0)!, key), "6300");
});

Deno.test("SimulatedChain.setHead() jumps forward, near and far, without losing history", () => {
  const chain = makeChain();
  chain.setTempo(NETUID, 99);
  const heard = record(chain);
  chain.setHead(START + 100);
  assert.deepEqual(heard, [`best ${START + 100}`, `finalized ${START + 100}`]);
  const far = START + 1_000_000;
  chain.setHead(far);
  assert.equal(chain.head.number, far);
  const between = chain.blockAt(START + 500_000)!;
  assert.equal(chain.blockByHash(between.hash), between);
  assert.equal(chain.blockAt(far)!.header.parentHash, chain.blockHash(far - 1));
  assert.equal(timestampAt(chain, START + 500_000), START_MS + 500_000 * SLOT_MS);
  assert.equal(chain.storageAt(between, chain.storageKey("SubtensorModule", "Tempo", NETUID)), "6300");
  assert.equal(timestampAt(chain, START + 50), START_MS + 50 * SLOT_MS);
});

Deno.test("SimulatedChain gives the same hashes for the same seed, others for another", () => {
  const hashes = (seed: string): (string | null)[] => {
    const chain = makeChain({ seed });
    chain.advance(3);
    return [0, START - 1, START, START + 3].map((number) => chain.blockHash(number));
  };
  assert.deepEqual(hashes("a"), hashes("a"));
  hashes("a").forEach((hash, i) => assert.notEqual(hash, hashes("b")[i]));
});

Deno.test("SimulatedChain.setBlockHash() sets hashes of past and future blocks", () => {
  const chain = makeChain();
  chain.advance(2);
  const hash = (digit: string): string => `0x${digit.repeat(64)}`;
  chain.setBlockHash(START + 1, hash("1"));
  chain.setBlockHash(START + 4, hash("4"));
  chain.setBlockHash(START - 9, hash("9"));
  chain.advance(3);
  assert.deepEqual([START + 1, START + 4, START - 9].map((number) => chain.blockHash(number)), [
    hash("1"),
    hash("4"),
    hash("9"),
  ]);
  assert.equal(chain.blockByHash(hash("1"))?.number, START + 1);
  assert.equal(chain.blockByHash(hash("9"))?.number, START - 9);
  assert.equal(chain.blockAt(START + 5)!.header.parentHash, hash("4"));
  assert.throws(() => chain.setBlockHash(START, "0x12"), /give 32 bytes as hex/);
});

Deno.test("SimulatedChain.rewind() goes back and builds other blocks from there", () => {
  const chain = makeChain({ finalityLag: 3 });
  chain.advance(5);
  const before = chain.head.hash;
  chain.setTempo(NETUID, 99);
  const heard = record(chain);
  chain.rewind();
  assert.equal(chain.head.number, START + 4);
  assert.deepEqual(heard, [`retracted ${START + 5}`, `best ${START + 4}`]);
  assert.equal(chain.storageAt(chain.head, chain.storageKey("SubtensorModule", "Tempo", NETUID)), undefined);
  chain.advance();
  assert.notEqual(chain.head.hash, before);
  assert.equal(chain.blockByHash(before)?.hash, before, "a retracted block can still be asked for");
  assert.throws(() => chain.rewind(99), /Cannot go back 99 blocks/);
});

Deno.test("SimulatedChain.reorganise() announces only the new best block", () => {
  const chain = makeChain({ finalityLag: 9 });
  chain.advance(5);
  const old = [START + 4, START + 5].map((number) => chain.blockHash(number));
  const heard = record(chain);
  chain.reorganise(2);
  assert.deepEqual(heard, [`retracted ${START + 5}`, `retracted ${START + 4}`, `best ${START + 6}`]);
  assert.notDeepEqual([START + 4, START + 5].map((number) => chain.blockHash(number)), old);
});

Deno.test("SimulatedChain finalizes in order, behind the head", () => {
  const chain = makeChain({ finalityLag: 3 });
  assert.equal(chain.finalizedHead.number, START - 3);
  chain.advance(2);
  const heard = record(chain);
  chain.advance(2);
  assert.deepEqual(heard, [
    `best ${START + 3}`,
    `finalized ${START}`,
    `best ${START + 4}`,
    `finalized ${START + 1}`,
  ]);
  chain.setFinalityLag(0);
  assert.equal(chain.finalizedHead.number, START + 4);
});

Deno.test("SimulatedChain discards state below its window", () => {
  const chain = makeChain({ stateWindowBlocks: 256 });
  chain.advance(300);
  assert.equal(commitmentBlock(chain, START + 44), null);
  const gone = chain.blockAt(START + 43)!;
  assert.throws(() => chain.stateAt(gone), {
    code: 4003,
    message: `Client error: UnknownBlock: State already discarded for ${gone.hash}`,
  });
  assert.equal(chain.blockByHash(gone.hash), gone, "the header stays");
});

Deno.test("SimulatedChain takes timestamps from the clock on demand", () => {
  let nowMs = START_MS;
  const chain = makeChain({ timestamps: "clock", nowMs: () => nowMs });
  nowMs += 700;
  assert.equal(chain.advance().timestampMs, START_MS + 700);
  assert.equal(chain.advance().timestampMs, START_MS + 701, "it never stands still");
  chain.setTimestamp(START_MS + 5_000);
  assert.equal(timestampAt(chain, chain.head.number), START_MS + 5_000);
});

Deno.test("SimulatedChain keeps Uids, Keys and SubnetworkN in step with its neurons", () => {
  const chain = makeChain();
  const [a, b, c] = [address(1), address(2), address(3)];
  chain.setNeurons(NETUID, [{ hotkey: a }, { hotkey: b, uid: 7, stakeRao: "5" }]);
  chain.registerNeuron(NETUID, { hotkey: c, uid: 7, coldkey: a });
  const value = (item: string, ...keys: unknown[]): unknown =>
    chain.runtime.decodeStorage(
      "SubtensorModule",
      item,
      chain.storageAt(chain.head, chain.storageKey("SubtensorModule", item, NETUID, ...keys)),
    )?.toJSON() ?? null;
  assert.deepEqual([value("Uids", a), value("Uids", b), value("Uids", c)], [0, null, 7]);
  assert.deepEqual([value("Keys", 7), value("SubnetworkN")], [c, 8]);
  chain.deregisterNeuron(NETUID, c);
  assert.deepEqual([value("Uids", c), value("SubnetworkN")], [null, 1]);
  assert.deepEqual(chain.neuronsAt(chain.head, NETUID).map(({ hotkey }) => hotkey), [a]);
  assert.throws(() => chain.registerNeuron(NETUID, { hotkey: b, stakeRao: -1n }), /stakeRao is -1/);
  assert.throws(() => chain.registerNeuron(NETUID, { hotkey: b, uid: 70_000 }), /uid is 70000/);
});

Deno.test("SimulatedChain.setCommitment() stores every kind of field", () => {
  const chain = makeChain();
  const hash = `0x${"ab".repeat(32)}`;
  const stored = (data: Parameters<typeof chain.setCommitment>[0]["data"]): string | undefined => {
    chain.setCommitment({ netuid: NETUID, hotkey: ALICE, data, block: 3 });
    return chain.storageAt(chain.head, chain.storageKey("Commitments", "CommitmentOf", NETUID, ALICE));
  };
  const head = "000000000000000003000000";
  assert.equal(stored("2;b;BTC,1=0.1:3"), `${head}0410323b623b4254432c313d302e313a33`);
  assert.equal(stored(""), `${head}0401`);
  assert.equal(stored(new Uint8Array(128)), `${head}0481${"00".repeat(128)}`);
  assert.equal(stored(new Uint8Array(129)), `${head}04880502${"00".repeat(129)}`);
  assert.equal(stored({ fields: [] }), `${head}00`);
  assert.equal(stored({ fields: [{ kind: "None" }, { kind: "Raw", data: "0x4142" }] }), `${head}0800034142`);
  const kinds = ["BlakeTwo256", "Sha256", "Keccak256", "ShaThree256"] as const;
  kinds.forEach((kind, i) =>
    assert.equal(
      stored({ fields: [{ kind, data: hash }] }),
      `${head}04${(130 + i).toString(16)}${"ab".repeat(32)}`,
    )
  );
  assert.equal(
    stored({ fields: [{ kind: "TimelockEncrypted", encrypted: "0x0102", revealRound: 5 }] }),
    `${head}04860801020500000000000000`,
  );
  assert.equal(stored({ fields: [{ kind: "ResetBondsFlag" }] }), `${head}0487`);
  assert.equal(stored({ storage: "0xdeadbeef" }), "deadbeef");
  assert.throws(
    () => stored({ fields: [{ kind: "Sha256", data: "0x01" }] }),
    /Sha256: it is 1 bytes; give 32/,
  );
  assert.throws(() => stored({ fields: [{ kind: "Raw", data: "0xzz" }] }), /whole bytes as hex/);
});

Deno.test("SimulatedChain.setStorage() sets raw storage, but not what every block makes", () => {
  const chain = makeChain();
  chain.setStorage("0x0102", "0xff");
  assert.equal(chain.storageAt(chain.head, "0102"), "ff");
  chain.setStorage("0102", null);
  assert.equal(chain.storageAt(chain.head, "0102"), undefined);
  assert.throws(() => chain.setStorage(chain.storageKey("Timestamp", "Now"), "0x00"), /use setTimestamp/);
});

Deno.test("SimulatedChain.keysAt() merges stored keys and those every block makes", () => {
  const chain = makeChain();
  chain.setTempo(NETUID, 360);
  const all = [...chain.keysAt(chain.head, "")];
  assert.deepEqual(all, [...all].sort());
  assert.ok(all.includes(chain.storageKey("Timestamp", "Now")));
  assert.ok(all.includes(chain.storageKey("SubtensorModule", "Tempo", NETUID)));
  assert.deepEqual([...chain.keysAt(chain.head, "", all[2])], all.slice(3));
});

Deno.test("SimulatedChain refuses what makes no sense", () => {
  assert.throws(() => makeChain({ startBlock: 0 }), /startBlock: it is 0; give a whole number from 1/);
  const chain = makeChain();
  assert.throws(() => chain.advance(0), /count/);
  assert.throws(() => chain.setTempo(NETUID, 65_535), /tempo: it is 65535/);
  assert.throws(() => chain.setMechanismEmissionSplit(NETUID, [70_000]), /share: it is 70000/);
});

Deno.test("SimulatedChain is cheap: thousands of blocks with 256 hotkeys", () => {
  const chain = makeChain();
  chain.setNeurons(
    NETUID,
    Array.from({ length: 256 }, (_, uid) => ({ hotkey: address(uid), stakeRao: uid })),
  );
  for (let i = 0; i < 3_000; i++) {
    chain.advance();
    if (i % 10 === 0) chain.setCommitment({ netuid: NETUID, hotkey: address(i % 256), data: "2;b;" });
  }
  const prefix = chain.storageKey("Commitments", "CommitmentOf", NETUID);
  const counts = [0, 100, 3_000].map((after) =>
    [...chain.keysAt(chain.blockAt(START + after)!, prefix)].length
  );
  assert.deepEqual(counts, [0, 10, 128]);
});

Deno.test({
  name: "SimulatedChain encodes undecodable, odd and ordinary records as spec 318 does",
  ignore: runtime318 === null,
  fn: () => {
    const chain = makeChain({ runtime: runtime318! });
    chain.setCommitment({
      netuid: NETUID,
      hotkey: ALICE,
      data: { fields: [{ kind: "ResetBondsFlag" }] },
      block: 3,
    });
    const key = chain.storageKey("Commitments", "CommitmentOf", NETUID, ALICE);
    assert.equal(chain.storageAt(chain.head, key), "0000000000000000030000000487");
  },
});
