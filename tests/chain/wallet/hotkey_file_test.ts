import assert from "node:assert/strict";
import fc from "fast-check";
import { WalletError, type WalletErrorKind } from "../../../src/chain/wallet/errors.ts";
import { formatHotkeyFile } from "../../../scripts/scene/hotkey_file.ts";
import { type HotkeyFile, hotkeyPath, parseHotkeyFile } from "../../../src/chain/wallet/hotkey_file.ts";

const SOURCE = "wallets/w/hotkeys/h";
const ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
const SEED = "e5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";

function parse(text: string): HotkeyFile {
  return parseHotkeyFile(new TextEncoder().encode(text), SOURCE);
}

function fails(kind: WalletErrorKind, pattern: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof WalletError);
    assert.equal(error.kind, kind);
    assert.match(error.message, pattern);
    return true;
  };
}

Deno.test("hotkeyPath() follows the layout of wallets and expands ~", () => {
  const location = { directory: "~/.bittensor/wallets/", name: "default", hotkeyName: "rig 1" };
  assert.equal(hotkeyPath(location, "/home/miner"), "/home/miner/.bittensor/wallets/default/hotkeys/rig 1");
  assert.equal(hotkeyPath({ ...location, directory: "/w" }, undefined), "/w/default/hotkeys/rig 1");
  assert.equal(
    hotkeyPath({ ...location, directory: "~other/w" }, "/home/miner"),
    "~other/w/default/hotkeys/rig 1",
  );
});

Deno.test("hotkeyPath() refuses names that leave the folder, and ~ without a home", () => {
  const location = { directory: "~/w", name: "default", hotkeyName: "default" };
  assert.throws(() => hotkeyPath(location, undefined), fails("malformed", /HOME is not set/));
  for (const name of ["", " ", ".", "..", "a/b", "a\0b"]) {
    assert.throws(() => hotkeyPath({ ...location, name }, "/h"), fails("malformed", /wallet name/));
    assert.throws(
      () => hotkeyPath({ ...location, hotkeyName: name }, "/h"),
      fails("malformed", /hotkey name/),
    );
  }
  assert.throws(
    () => hotkeyPath({ ...location, directory: "" }, "/h"),
    fails("malformed", /directory is empty/),
  );
});

Deno.test("parseHotkeyFile() takes the first of phrase, seed and private key", () => {
  const all = {
    ss58Address: ALICE,
    secretPhrase: "some words",
    secretSeed: SEED,
    privateKey: "00".repeat(64),
  };
  const kindOf = (fields: object): string | undefined => parse(JSON.stringify(fields)).revealSecret()?.kind;
  assert.equal(kindOf(all), "phrase");
  assert.equal(kindOf({ ...all, secretPhrase: null }), "seed");
  assert.equal(kindOf({ ...all, secretPhrase: null, secretSeed: null }), "private-key");
  assert.equal(kindOf({ ss58Address: ALICE, secretSeed: null }), undefined);
});

Deno.test("parseHotkeyFile() reads hex with and without 0x, in any case", () => {
  for (const text of [SEED, `0x${SEED}`, `0X${SEED.toUpperCase()}`]) {
    const secret = parse(JSON.stringify({ secretSeed: text })).revealSecret();
    assert.ok(secret?.kind === "seed");
    assert.equal(secret.bytes.toHex(), SEED);
  }
});

Deno.test("parseHotkeyFile() reports an encrypted file and the remedy", () => {
  for (const text of ["$NACL\u0001…", "$ANSIBLE_VAULT;1.1;AES256\n00", "gAAAAABh…", "\n $NACL"]) {
    assert.throws(() => parse(text), fails("encrypted", /encrypted.*regen-hotkey/));
  }
});

Deno.test("parseHotkeyFile() names the field that is wrong", () => {
  const cases: [unknown, RegExp][] = [
    [[], /not a JSON object/],
    [null, /not a JSON object/],
    [{}, /none of ss58Address/],
    [{ ss58Address: null }, /none of ss58Address/],
    [{ ss58Address: 5 }, /ss58Address is not text/],
    [{ secretPhrase: "" }, /secretPhrase is empty/],
    [{ secretSeed: "0x12" }, /secretSeed has 2 hexadecimal digits, not 64/],
    [{ secretSeed: SEED.replace("e", "g") }, /secretSeed is not hexadecimal/],
    [{ secretSeed: [1] }, /secretSeed is not text/],
    [{ privateKey: SEED }, /privateKey has 64 hexadecimal digits, not 128/],
  ];
  for (const [value, pattern] of cases) {
    assert.throws(() => parse(JSON.stringify(value)), fails("malformed", pattern));
  }
});

Deno.test("parseHotkeyFile() quotes nothing of a file that is not JSON", () => {
  const text = `{"secretPhrase": "bottom drive obey lake" "secretSeed": "${SEED}"}`;
  assert.throws(() => parse(text), (error) => {
    assert.ok(error instanceof WalletError);
    assert.match(error.message, /not JSON/);
    assert.doesNotMatch(Deno.inspect(error), /bottom|e5be9a/);
    assert.equal(error.cause, undefined);
    return true;
  });
});

Deno.test("parseHotkeyFile() never reveals a secret by printing or in errors", () => {
  const secret = fc.stringMatching(/^[a-z]{12,40}$/);
  fc.assert(fc.property(secret, fc.constantFrom("secretPhrase", "secretSeed", "privateKey"), (text, key) => {
    for (const file of [JSON.stringify({ ss58Address: ALICE, [key]: text }), `{"${key}":"${text}`]) {
      let shown: string;
      try {
        const parsed = parse(file);
        shown = Deno.inspect(parsed, { showHidden: true, depth: 9 }) + JSON.stringify(parsed) +
          String(parsed);
      } catch (error) {
        shown = Deno.inspect(error);
      }
      assert.ok(!shown.includes(text));
    }
  }));
});

Deno.test("parseHotkeyFile() gives a file or a WalletError for any text", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    try {
      parse(text);
    } catch (error) {
      assert.ok(error instanceof WalletError);
    }
  }));
});

Deno.test("formatHotkeyFile() writes what parseHotkeyFile() reads", () => {
  const text = formatHotkeyFile({ ss58Address: ALICE, publicKey: "0x00", secretSeed: `0x${SEED}` });
  const file = parse(text);
  assert.equal(file.ss58Address, ALICE);
  assert.equal(file.revealSecret()?.kind, "seed");
  assert.deepEqual(Object.keys(JSON.parse(text)).sort(), [
    "accountId",
    "publicKey",
    "secretPhrase",
    "secretSeed",
    "ss58Address",
  ]);
});
