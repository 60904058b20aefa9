import assert from "node:assert/strict";
import { decodeAddress, sr25519Verify } from "@polkadot/util-crypto";
import { WalletError, type WalletErrorKind } from "../../../src/chain/wallet/errors.ts";
import {
  MAX_HOTKEY_FILE_BYTES,
  openHotkeySigner,
  readHotkeyAddress,
} from "../../../src/chain/wallet/signer.ts";

// Substrate's well-known development keys, as `subkey inspect` prints them.
const DEV_PHRASE = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
const DEV_SEED = "0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e";
const DEV = "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV";
const ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
const ALICE_SEED = "0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";
const ALICE_CANONICAL_KEY = "33a6f3093f158a7109f679410bef1a0c54168145e0cecb4df006c1c2fffb1f09" +
  "925a225d97aa00682d6a59b95b18780c10d7032336e88f3442b42361f4a66011";
const BOB = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
const BOB_SEED = "398f0c28f98885e046333d4a41c19cee4c37368a9832c6502f6cfd182e2aef89";

const PATH = "wallets/w/hotkeys/h";
const file = (fields: object): () => Uint8Array => () => new TextEncoder().encode(JSON.stringify(fields));

function throwing(error: Error): never {
  throw error;
}

function fails(kind: WalletErrorKind, pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof WalletError);
    assert.equal(error.kind, kind);
    assert.equal(error.source, PATH);
    assert.match(error.message, pattern);
    return true;
  };
}

const GOOD_FILES: [name: string, fields: object, address: string][] = [
  ["a phrase", { ss58Address: DEV, secretPhrase: DEV_PHRASE }, DEV],
  [
    "a phrase before a seed",
    { ss58Address: DEV, secretPhrase: DEV_PHRASE, secretSeed: BOB_SEED },
    DEV,
  ],
  ["the phrase's seed", { ss58Address: DEV, secretSeed: DEV_SEED }, DEV],
  ["a seed", { ss58Address: ALICE, secretPhrase: null, secretSeed: ALICE_SEED }, ALICE],
  ["a seed without 0x and address", { secretSeed: BOB_SEED }, BOB],
  ["a private key", { ss58Address: ALICE, privateKey: ALICE_CANONICAL_KEY }, ALICE],
  [
    "a private key with 0x",
    { ss58Address: ALICE, secretSeed: null, privateKey: `0x${ALICE_CANONICAL_KEY}` },
    ALICE,
  ],
];

for (const [name, fields, address] of GOOD_FILES) {
  Deno.test(`openHotkeySigner() signs with ${name}`, async () => {
    const signer = await openHotkeySigner(PATH, file(fields));
    assert.equal(signer.address, address);
    const message = new TextEncoder().encode("message");
    assert.equal(sr25519Verify(message, signer.sign(message), decodeAddress(address)), true);
    assert.equal(await readHotkeyAddress(PATH, file(fields)), address);
  });
}

Deno.test("readHotkeyAddress() is content with an address, openHotkeySigner() is not", async () => {
  const fields = { ss58Address: ALICE, secretPhrase: null };
  assert.equal(await readHotkeyAddress(PATH, file(fields)), ALICE);
  await assert.rejects(openHotkeySigner(PATH, file(fields)), fails("no-secret", /only an address/));
});

for (
  const [name, fields] of [
    ["seed", { ss58Address: BOB, secretSeed: ALICE_SEED }],
    ["phrase", { ss58Address: ALICE, secretPhrase: DEV_PHRASE }],
    ["private key", { ss58Address: BOB, privateKey: ALICE_CANONICAL_KEY }],
    ["private key that is not canonical", { ss58Address: ALICE, privateKey: "ff".repeat(64) }],
    ["private key of zeros", { ss58Address: ALICE, privateKey: "00".repeat(64) }],
  ] as const
) {
  Deno.test(`a ${name} that does not give the address is an error for both uses`, async () => {
    await assert.rejects(
      openHotkeySigner(PATH, file(fields)),
      fails("mismatch", /does not belong to its ss58Address/),
    );
    await assert.rejects(readHotkeyAddress(PATH, file(fields)), fails("mismatch", /does not belong/));
  });
}

Deno.test("openHotkeySigner() refuses a broken mnemonic without quoting it", async () => {
  for (const phrase of [DEV_PHRASE.replace("walk", "lake"), "bottom drive", `${DEV_PHRASE} xyzzy`]) {
    await assert.rejects(
      openHotkeySigner(PATH, file({ ss58Address: DEV, secretPhrase: phrase })),
      (error) => {
        fails("malformed", /not a valid mnemonic/)(error);
        assert.doesNotMatch(Deno.inspect(error), /bottom|xyzzy/);
        return true;
      },
    );
  }
});

Deno.test("addresses with a wrong checksum or another prefix are refused", async () => {
  const polkadotAlice = "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5";
  for (const ss58Address of [ALICE.replace("5G", "5H"), polkadotAlice, "0x00", "hello"]) {
    await assert.rejects(readHotkeyAddress(PATH, file({ ss58Address })), fails("malformed", /ss58Address/));
    await assert.rejects(
      openHotkeySigner(PATH, file({ ss58Address, privateKey: ALICE_CANONICAL_KEY })),
      fails("malformed", /ss58Address/),
    );
  }
  await assert.rejects(
    openHotkeySigner(PATH, file({ privateKey: ALICE_CANONICAL_KEY })),
    fails("malformed", /no ss58Address/),
  );
});

Deno.test("a missing file differs from an unreadable one", async () => {
  await assert.rejects(
    readHotkeyAddress(PATH, () => throwing(new Deno.errors.NotFound("gone"))),
    fails("missing", /no such file.*hotkey_name/),
  );
  await assert.rejects(
    openHotkeySigner(PATH, () => throwing(new Deno.errors.PermissionDenied("denied"))),
    fails("unreadable", /denied/),
  );
});

Deno.test("HotkeySigner shows its address and nothing else", async () => {
  const signer = await openHotkeySigner(PATH, file({ ss58Address: ALICE, secretSeed: ALICE_SEED }));
  assert.equal(String(signer), `HotkeySigner(${ALICE})`);
  assert.equal(JSON.stringify(signer), JSON.stringify({ address: ALICE }));
  assert.deepEqual(Reflect.ownKeys(signer), ["address"]);
  const shown = Deno.inspect(signer, { showHidden: true, depth: 9 });
  assert.doesNotMatch(shown, /e5be9a|33a6f3|Uint8Array/);
  assert.throws(() => structuredClone(signer).sign(new Uint8Array()));
});

Deno.test("a hotkey file of more than MAX_HOTKEY_FILE_BYTES is not read", async () => {
  const path = await Deno.makeTempFile();
  const text = JSON.stringify({ ss58Address: DEV, secretPhrase: DEV_PHRASE });
  try {
    await Deno.writeTextFile(path, text.padEnd(MAX_HOTKEY_FILE_BYTES));
    assert.equal(await readHotkeyAddress(path), DEV);
    assert.equal((await openHotkeySigner(path)).address, DEV);
    await Deno.writeTextFile(path, text.padEnd(MAX_HOTKEY_FILE_BYTES + 1));
    for (const read of [readHotkeyAddress, openHotkeySigner]) {
      await assert.rejects(read(path), /it is larger than 65536 bytes; name a file that btcli wrote/);
    }
  } finally {
    await Deno.remove(path);
  }
});
