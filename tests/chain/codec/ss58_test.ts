import assert from "node:assert/strict";
import {
  checkAddress,
  decodeAddress as decodeByPolkadot,
  encodeAddress as encodeByPolkadot,
} from "@polkadot/util-crypto";
import fc from "fast-check";
import { decodeAddress, encodeAddress, isAddress } from "../../../src/chain/codec/ss58.ts";
import { ALICE } from "../fixtures.ts";

const account = fc.uint8Array({ minLength: 32, maxLength: 32 });

Deno.test("encodeAddress() gives what @polkadot gives, and decodeAddress() the account again", () => {
  fc.assert(fc.property(account, (bytes) => {
    const address = encodeAddress(bytes);
    assert.equal(address, encodeByPolkadot(bytes, 42));
    assert.deepEqual(decodeAddress(address), bytes);
  }));
});

Deno.test("isAddress() knows addresses with prefix 42 and accounts of 32 bytes from all else", () => {
  const text = fc.oneof(
    fc.string(),
    fc.tuple(account, fc.constantFrom(0, 2, 42, 63, 64, 255, 16_383)).map(([bytes, prefix]) =>
      encodeByPolkadot(bytes, prefix)
    ),
    fc.uint8Array({ minLength: 1, maxLength: 33 }).filter(({ length }) =>
      [1, 2, 4, 8, 32, 33].includes(length)
    )
      .map((bytes) => encodeByPolkadot(bytes, 42)),
    fc.tuple(fc.nat(ALICE.length - 1), fc.constantFrom("1", "z", "0", "O", " ")).map(([at, digit]) =>
      ALICE.slice(0, at) + digit + ALICE.slice(at + 1)
    ),
  );
  fc.assert(fc.property(text, (text) => {
    const expected = checkAddress(text, 42)[0] && decodeByPolkadot(text).length === 32;
    assert.equal(isAddress(text), expected, text);
    if (!expected) assert.throws(() => decodeAddress(text), /is not SS58 with prefix 42/);
  }));
});
