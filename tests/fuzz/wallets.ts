/**
 * Hotkey files (spec, section 8).
 *
 * @module
 */

import { checkAddress } from "@polkadot/util-crypto";
import assert from "node:assert/strict";
import fc from "fast-check";
import { WalletError } from "../../src/chain/wallet/errors.ts";
import { openHotkeySigner, readHotkeyAddress } from "../../src/chain/wallet/signer.ts";
import { family, unlessRejected } from "./family.ts";
import { JSON_PIECES, objectText, oddValue } from "./json_text.ts";
import { mutatedText } from "./mutation.ts";

/** The well-known development keys. */
const KEYS = [
  {
    address: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
    seed: "e5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a",
    phrase: null,
  },
  {
    address: "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV",
    seed: "fac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e",
    phrase: "bottom drive obey lake curtain smoke basket hold race lonely fit walk",
  },
] as const;

const FIELDS = ["ss58Address", "secretPhrase", "secretSeed", "privateKey", "publicKey", "accountId"];
const PATH = "wallets/default/hotkeys/rig";

const hex = (bytes: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => value.toHex());

const own = fc.constantFrom(...KEYS);
const fields = own.chain((key) =>
  fc.record({
    ss58Address: fc.constantFrom<unknown>(
      key.address,
      key.address,
      null,
      KEYS[0].address,
      ` ${key.address}\n`,
    ),
    // To derive a key from a phrase takes long, so most have none.
    secretPhrase: fc.oneof(
      { weight: 12, arbitrary: fc.constant<unknown>(null) },
      {
        weight: 1,
        arbitrary: fc.constantFrom<unknown>(
          key.phrase,
          "twelve words that are no phrase",
          "",
          KEYS[1].phrase,
        ),
      },
    ),
    secretSeed: fc.oneof(
      fc.constantFrom<unknown>(key.seed, `0x${key.seed}`, null, key.seed.slice(1)),
      hex(32),
    ),
    privateKey: fc.oneof(fc.constant<unknown>(null), hex(64)),
    publicKey: fc.constant<unknown>(`0x${key.seed.replaceAll("e", "0")}`),
  }, { requiredKeys: [] })
);

const wellFormed = fields.map((record) => JSON.stringify(record));
const oddlyTyped = fc.uniqueArray(fc.tuple(fc.constantFrom(...FIELDS, "__proto__", "x"), oddValue), {
  selector: ([key]) => key,
  maxLength: 4,
}).map(objectText);
const text = fc.oneof(
  { weight: 3, arbitrary: wellFormed },
  {
    weight: 3,
    arbitrary: mutatedText(wellFormed, [...JSON_PIECES, "0x", "$NACL", "gAAAAA", "$ANSIBLE_VAULT"]),
  },
  { weight: 1, arbitrary: oddlyTyped },
);

/** How many characters of a file in a row count as shown. */
const SHOWN = 8;

/** Checks that an error shows nothing of the file but its field names and the addresses of the two keys. */
function checkHidden(error: unknown, text: string): void {
  const shown = [Deno.inspect(error, { depth: 5 }), JSON.stringify(error) ?? ""].join("\n");
  const known = [...FIELDS, ...KEYS.map(({ address }) => address)].join("|");
  for (let at = 0; at + SHOWN <= text.length && at < 2000; at++) {
    const part = text.slice(at, at + SHOWN);
    // Punctuation and a run of one character say nothing.
    if (!/^\w[\w ]*\w$/.test(part) || new Set(part).size < 3) continue;
    if (!shown.includes(part) || known.includes(part)) continue;
    assert.fail(`the error shows ${JSON.stringify(part)} of the file`);
  }
}

/** Hotkey files, right and wrong. */
export const walletFiles = family({
  name: "wallets",
  holds:
    "a hotkey file gives a valid address that its secret belongs to, or is refused with WalletError that shows nothing of it",
  sample: 60,
  cases: text,
  check: async (text) => {
    const read = (): Uint8Array => new TextEncoder().encode(text);
    const reading = readHotkeyAddress(PATH, read);
    await reading.catch((error) => checkHidden(error, text));
    const address = await unlessRejected([WalletError], reading);
    const opening = openHotkeySigner(PATH, read);
    await opening.catch((error) => checkHidden(error, text));
    using signer = await unlessRejected([WalletError], opening);
    if (signer !== null) {
      assert.equal(signer.address, address);
      checkHidden(signer, text);
    }
    if (address === null) return;
    assert.ok(checkAddress(address, 42)[0], "it is not an address");
    const record = JSON.parse(text.replace(/^\ufeff/, "").trim());
    if (typeof record.ss58Address === "string") assert.equal(address, record.ss58Address.trim());
    if (typeof record.secretPhrase === "string" || typeof record.secretSeed !== "string") return;
    const key = KEYS.find(({ seed }) => seed === record.secretSeed.trim().toLowerCase().replace(/^0x/, ""));
    if (key !== undefined) assert.equal(address, key.address);
  },
});
