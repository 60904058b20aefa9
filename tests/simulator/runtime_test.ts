import assert from "node:assert/strict";
import { Metadata, TypeRegistry } from "@polkadot/types";
import { u8aToHex } from "@polkadot/util";
import { builtinImage, imageFromMetadata, Runtime, SimulatedChain } from "../../src/simulator/mod.ts";
import { account, testRuntimes } from "./support.ts";

const ALICE = account("Alice").address;
const ALICE_KEY = "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";

testRuntimes("Runtime.storageKey() gives the real chain's keys", (runtime) => {
  const key = (item: string, ...keys: unknown[]): string =>
    runtime.storageKey("SubtensorModule", item, ...keys);
  assert.equal(key("Tempo", 12), "658faa385070e074c85bf6b568cf05557641384bb339f3758acddfd7053d33170c00");
  assert.equal(
    key("MechanismEmissionSplit", 12),
    "658faa385070e074c85bf6b568cf0555beab2628b84716c818c24a8234e9684c4b9bd30d03d0266b0c00",
  );
  assert.ok(key("MechanismCountCurrent", 12).endsWith("4b9bd30d03d0266b0c00"));
  assert.ok(
    key("Uids", 12, ALICE).startsWith("658faa385070e074c85bf6b568cf0555aab1b4e78e1ea8305462ee53b3686dc80c00"),
  );
  assert.ok(key("Uids", 12, ALICE).endsWith(ALICE_KEY));
  assert.ok(key("Keys", 12, 3).endsWith("0c000300"));
  assert.equal(
    runtime.storageKey("Commitments", "CommitmentOf", 12, ALICE),
    "ca407206ec1ab726b2636c4b145ac287419a60ae8b01e6dcaebd7317e43c69bf0c00518366b5b1bc7c99" + ALICE_KEY,
  );
  assert.equal(
    runtime.storageKey("Timestamp", "Now"),
    "f0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb",
  );
});

testRuntimes("Runtime.encodeStorage() gives the real chain's commitment record", (runtime) => {
  const record = { deposit: 0, block: 3, info: { fields: [{ Raw15: "0x323b623b4254432c313d302e313a33" }] } };
  assert.equal(
    runtime.encodeStorage("Commitments", "CommitmentOf", record),
    "0000000000000000" + "03000000" + "04" + "10" + "323b623b4254432c313d302e313a33",
  );
});

testRuntimes("Runtime.decodeStorage() gives the real chain's defaults", (runtime) => {
  const absent = (pallet: string, item: string): unknown =>
    runtime.decodeStorage(pallet, item, undefined)?.toJSON();
  assert.equal(absent("SubtensorModule", "Tempo"), 360);
  assert.equal(absent("SubtensorModule", "MechanismCountCurrent"), 1);
  assert.equal(absent("SubtensorModule", "MechanismEmissionSplit"), undefined);
  assert.equal(absent("SubtensorModule", "Uids"), undefined);
  assert.equal(absent("Commitments", "MaxSpace"), 3100);
  assert.equal(absent("Commitments", "CommitmentOf"), undefined);
  assert.equal(absent("Timestamp", "Now"), 0);
});

testRuntimes("Runtime has the pallet's indices, errors, constants and signed extensions", (runtime) => {
  const call = runtime.encodeCall("Commitments", "set_commitment", [NETUID_12, {
    fields: [{ Raw1: "0x41" }],
  }]);
  assert.equal(u8aToHex(call), "0x12000c00040241");
  const errors = [
    "TooManyFieldsInCommitmentInfo",
    "AccountNotAllowedCommit",
    "SpaceLimitExceeded",
    "UnexpectedUnreserveLeftover",
  ];
  errors.forEach((name, index) =>
    assert.deepEqual(runtime.moduleError("Commitments", name), {
      Module: { index: 18, error: [index, 0, 0, 0] },
    })
  );
  assert.equal(runtime.constant("Commitments", "MaxFields", 0), 3);
  assert.equal(runtime.constant("System", "BlockHashCount", 0), 2400);
  assert.equal(runtime.constant("System", "SS58Prefix", 0), 42);
  assert.deepEqual(runtime.signedExtensions.map(({ identifier }) => identifier), [
    "CheckNonZeroSender",
    "CheckSpecVersion",
    "CheckTxVersion",
    "CheckGenesis",
    "CheckMortality",
    "CheckNonce",
    "CheckWeight",
    "ChargeTransactionPayment",
    "SubtensorTransactionExtension",
    "DrandPriority",
    "CheckMetadataHash",
  ]);
});

const NETUID_12 = 12;

testRuntimes("the V14 and the V15 metadata describe the same pallets", (runtime) => {
  const read = (bytes: Uint8Array): unknown => {
    const registry = new TypeRegistry();
    const metadata = new Metadata(registry, u8aToHex(bytes));
    const names = metadata.asV15.pallets.map((pallet) => [
      pallet.name.toString(),
      pallet.index.toNumber(),
      pallet.storage.unwrapOr(null)?.items.map((item) => item.toHex()) ?? [],
    ]);
    return {
      names,
      types: metadata.asV15.lookup.types.length,
      extensions: metadata.asV15.extrinsic.signedExtensions.toHex(),
    };
  };
  assert.deepEqual([runtime.image.v14[4], runtime.image.v15[4]], [14, 15]);
  assert.deepEqual(read(runtime.image.v14), read(runtime.image.v15));
});

testRuntimes("imageFromMetadata() takes the answer of Metadata_metadata_at_version too", ({ image }) => {
  const framed = new Uint8Array([1, 0x12, 0x34, 0x56, 0x78, ...image.v15]);
  assert.deepEqual(imageFromMetadata(framed, image.version).v15, image.v15);
});

Deno.test("imageFromMetadata() refuses what is not metadata V15", () => {
  const { v14, version } = Runtime.builtin().image;
  assert.throws(() => imageFromMetadata(v14, version), /version 14; give the SCALE bytes of version 15/);
  assert.throws(() => imageFromMetadata(new Uint8Array(20), version), /not metadata/);
});

Deno.test("builtinImage() leaves out pallets and items on demand, and the chain lives on", () => {
  const runtime = new Runtime(
    builtinImage({ without: ["Commitments", "SubtensorModule.MechanismEmissionSplit"] }),
  );
  assert.equal(runtime.hasStorage("Commitments", "CommitmentOf"), false);
  assert.equal(runtime.hasStorage("SubtensorModule", "MechanismEmissionSplit"), false);
  assert.equal(runtime.hasStorage("SubtensorModule", "Tempo"), true);
  const chain = new SimulatedChain({ runtime });
  chain.registerNeuron(12, { hotkey: ALICE });
  chain.advance();
  assert.throws(
    () => chain.setMechanismEmissionSplit(12, [1]),
    /Cannot use SubtensorModule.MechanismEmissionSplit: the metadata has no such storage/,
  );
});
