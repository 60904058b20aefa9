import assert from "node:assert/strict";
import { Metadata, TypeRegistry } from "@polkadot/types";
import { decorateStorage } from "@polkadot/types/metadata/decorate";
import { compactStripLength, stringCamelCase, u8aToHex } from "@polkadot/util";
import { Runtime } from "../../../src/chain/runtime.ts";
import { decodeAddress } from "../../../src/chain/codec/ss58.ts";
import { Runtime as SimulatedRuntime } from "../../../src/simulator/mod.ts";
import { ALICE, BOB, RUNTIMES } from "../fixtures.ts";

/** Every item that the agent reads, with arguments. */
const ITEMS: readonly (readonly [pallet: string, item: string, ...args: readonly (string | number)[]])[] = [
  ["Commitments", "CommitmentOf", 89, ALICE],
  ["SubtensorModule", "Tempo", 89],
  ["SubtensorModule", "Uids", 89, BOB],
  ["SubtensorModule", "Incentive", 89 + 4096],
  ["SubtensorModule", "Emission", 89],
  ["SubtensorModule", "RevealPeriodEpochs", 89],
  ["SubtensorModule", "LastMechansimStepBlock", 89],
  ["SubtensorModule", "MechanismEmissionSplit", 89],
  ["System", "Account", ALICE],
  ["System", "Events"],
  ["Timestamp", "Now"],
];

function runtimeOf(metadata: Uint8Array): Runtime {
  return new Runtime({
    version: { specName: "test", specVersion: 1 },
    answer: {},
    genesisHash: `0x${"00".repeat(32)}`,
    codeHash: null,
    isKept: false,
    metadata,
    endpoint: "ws://test",
  });
}

for (const [name, { metadataVersions, runtime }] of RUNTIMES) {
  const { v14, v15 } = (runtime ?? SimulatedRuntime.builtin()).image;
  const bytes = metadataVersions?.includes(14) ? v14 : v15;
  const own = runtimeOf(bytes);
  const registry = new TypeRegistry();
  const metadata = new Metadata(registry, u8aToHex(bytes));
  registry.setMetadata(metadata);
  const theirs = decorateStorage(registry, metadata.asLatest, metadata.version);

  Deno.test(`keys are those of @polkadot/types, with ${name}`, () => {
    for (const [pallet, item, ...args] of ITEMS) {
      const entry = theirs[stringCamelCase(pallet)]![stringCamelCase(item)]!;
      const found = own.storage(pallet, item);
      assert.equal(found.key(...args), u8aToHex(compactStripLength(entry(...args))[1]), item);
      assert.equal(found.keyPrefix(), u8aToHex(entry.keyPrefix()), item);
      if (args.length === 2) {
        assert.equal(found.keyPrefix(args[0]), u8aToHex(entry.keyPrefix(args[0])), item);
      }
    }
  });

  Deno.test(`a key's arguments are in it, and only in a whole one of the item, with ${name}`, () => {
    const item = own.storage("Commitments", "CommitmentOf");
    const key = item.key(89, ALICE);
    assert.deepEqual(item.keyArguments(key), [89, decodeAddress(ALICE)]);
    for (
      const other of [
        key.slice(0, -2),
        `${key}00`,
        key.slice(0, 80) + (key[80] === "0" ? "1" : "0") + key.slice(81),
        own.storage("SubtensorModule", "Uids").key(89, ALICE),
        item.keyPrefix(89),
        item.keyPrefix(),
        "0x",
      ]
    ) assert.equal(item.keyArguments(other), null, other);
    assert.equal(own.storage("Timestamp", "Now").keyArguments(own.storage("Timestamp", "Now").key()), null);
  });

  Deno.test(`an absent value has the default of the metadata, with ${name}`, () => {
    const { nonce } = own.storage("System", "Account").defaultValue as { nonce: unknown };
    assert.equal(nonce, 0);
    const tempo = theirs["subtensorModule"]!["tempo"]!.meta;
    assert.equal(
      own.storage("SubtensorModule", "Tempo").defaultValue,
      tempo.fallback.toU8a(true)[0]! + 256 * tempo.fallback.toU8a(true)[1]!,
    );
  });
}

Deno.test("key() refuses arguments of another number or type", () => {
  const runtime = runtimeOf(SimulatedRuntime.builtin().image.v15);
  const item = runtime.storage("Commitments", "CommitmentOf");
  assert.throws(() => item.key(89), /has 2 arguments, and got 1/);
  assert.throws(() => item.key(65_536, ALICE), /Cannot encode 65536/);
  assert.throws(() => item.key(89, "5Alice"), /is not SS58/);
  assert.throws(() => runtime.storage("Commitments", "Tempo"), { kind: "missing-pallet" });
});
