import assert from "node:assert/strict";
import { mnemonicToMiniSecret, sr25519PairFromSeed, sr25519Verify } from "@polkadot/util-crypto";
import { SecretMemory } from "../../../src/chain/wallet/secret_memory.ts";

const PHRASE = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("SecretMemory derives the pair that the library derives, and signs with it", async () => {
  using memory = await SecretMemory.create();
  const phrase = memory.put(encode(PHRASE));
  assert.equal(memory.isMnemonic(phrase), true);
  const { publicKey, secretKey } = memory.pairOf(memory.seedOf(phrase));
  assert.deepEqual(publicKey, sr25519PairFromSeed(mnemonicToMiniSecret(PHRASE)).publicKey);
  for (const text of ["first", "second"]) {
    const message = encode(text);
    assert.equal(sr25519Verify(message, memory.sign(publicKey, secretKey, message), publicKey), true);
  }
});

Deno.test("SecretMemory tells a mnemonic from other texts", async () => {
  using memory = await SecretMemory.create();
  for (const text of ["", "bottom", PHRASE.replace("walk", "lake"), `${PHRASE} walk`, "\u{1F511}"]) {
    assert.equal(memory.isMnemonic(memory.put(encode(text))), false, text);
  }
});

Deno.test("SecretMemory is of no use once its secrets are overwritten", async () => {
  const memory = await SecretMemory.create();
  const { publicKey, secretKey } = memory.pairOf(memory.put(new Uint8Array(32).fill(7)));
  memory[Symbol.dispose]();
  memory[Symbol.dispose]();
  assert.throws(() => memory.sign(publicKey, secretKey, encode("late")), /was overwritten; open it again/);
  assert.throws(() => memory.put(publicKey), /was overwritten/);
});
