import assert from "node:assert/strict";
import fc from "fast-check";
import { SimulatedChain } from "../../src/simulator/mod.ts";
import { eraBirth } from "../../src/simulator/extrinsic.ts";
import { RpcError } from "../../src/simulator/rpc_error.ts";
import { account, commitmentCall, NETUID, signExtrinsic } from "./support.ts";

const ALICE = account("Alice");

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

Deno.test("eraBirth() is the latest block of the era's phase", () => {
  assert.equal(eraBirth(null, 100), 0);
  assert.equal(eraBirth({ period: 64, phase: 5 }, 69), 69);
  assert.equal(eraBirth({ period: 64, phase: 5 }, 132), 69);
  assert.equal(eraBirth({ period: 64, phase: 5 }, 133), 133);
  assert.equal(eraBirth({ period: 64, phase: 40 }, 3), 40, "before its first phase it is yet to come");
});

Deno.test("submitExtrinsic() refuses damaged extrinsics with an error of a real node, whatever the damage", () => {
  const chain = new SimulatedChain();
  chain.registerNeuron(NETUID, { hotkey: ALICE.address });
  const good = bytesOf(
    signExtrinsic(ALICE, commitmentCall("2;b;BTC,1=0.45:2"), { genesisHash: chain.genesisHash, nonce: 0 }),
  );
  const damage = fc.record({
    at: fc.nat({ max: good.length - 1 }),
    remove: fc.nat({ max: 4 }),
    insert: fc.uint8Array({ maxLength: 4 }),
  });
  fc.assert(
    fc.property(damage, ({ at, remove, insert }) => {
      const bad = Uint8Array.from([...good.slice(0, at), ...insert, ...good.slice(at + remove)]);
      fc.pre(bad.length !== good.length || bad.some((byte, i) => byte !== good[i]));
      assert.throws(() => chain.submitExtrinsic(bad), (error) => {
        assert.ok(error instanceof RpcError, String(error));
        assert.ok([1002, 1010, 1011].includes(error.code), `${error.code} ${error.message}`);
        return true;
      });
    }),
    { numRuns: 300 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    assert.throws(() => chain.submitExtrinsic(bytes), RpcError);
  }));
  assert.equal(chain.head.number, 1);
});

Deno.test("an extrinsic above 256 bytes of payload is verified over its hash", () => {
  const chain = new SimulatedChain();
  chain.registerNeuron(NETUID, { hotkey: ALICE.address });
  const text = "x".repeat(128);
  const context = { genesisHash: chain.genesisHash, nonce: 0 };
  const call = commitmentCall(text);
  assert.ok(call.length + 4 + 4 + 4 + 32 + 32 + 1 <= 256, "one field of 128 bytes is below that");
  const threeFields = Uint8Array.from([
    ...call.slice(0, 4),
    3 << 2,
    ...call.slice(5),
    ...call.slice(5),
    ...call.slice(5),
  ]);
  chain.submitExtrinsic(bytesOf(signExtrinsic(ALICE, threeFields, context)));
  chain.advance();
  const key = chain.storageKey("Commitments", "CommitmentOf", NETUID, ALICE.address);
  assert.equal(chain.storageAt(chain.head, key)?.length, 2 * (8 + 4 + 1 + 3 * 129));
});

Deno.test("a timelocked commitment is stored, counted by its bytes, and has an event of its own", () => {
  const chain = new SimulatedChain();
  chain.registerNeuron(NETUID, { hotkey: ALICE.address });
  const encrypted = new Uint8Array(300).fill(7);
  const length = [(300 << 2 | 1) & 0xff, 300 >> 6];
  const call = Uint8Array.from([
    0x12,
    0,
    NETUID,
    0,
    1 << 2,
    134,
    ...length,
    ...encrypted,
    9,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  ]);
  chain.submitExtrinsic(bytesOf(signExtrinsic(ALICE, call, { genesisHash: chain.genesisHash, nonce: 0 })));
  chain.advance();
  const read = (item: string): unknown => {
    const key = chain.storageKey("Commitments", item, NETUID, ALICE.address);
    return chain.runtime.decodeStorage("Commitments", item, chain.storageAt(chain.head, key))?.toJSON();
  };
  assert.deepEqual(read("LastCommitment"), 2);
  assert.deepEqual((read("UsedSpaceOf") as { usedSpace: number }).usedSpace, 300);
  assert.deepEqual((read("CommitmentOf") as { info: unknown }).info, {
    fields: [{ timelockEncrypted: { encrypted: `0x${"07".repeat(300)}`, revealRound: 9 } }],
  });
  assert.deepEqual(chain.head.events.map(({ name }) => name), [
    "ExtrinsicSuccess",
    "TimelockCommitment",
    "ExtrinsicSuccess",
  ]);
});
