import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeHex, separateSecrets } from "../../../src/chain/wallet/secret_fields.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : new TextDecoder().decode(bytes);

Deno.test("separateSecrets() takes the secrets out of the text, and overwrites the file's bytes", () => {
  const bytes = encode('{"ss58Address": "5G", "secretPhrase" : " bottom drive ", "secretSeed": null}');
  const { text, secrets } = separateSecrets(bytes);
  assert.deepEqual(JSON.parse(text), {
    ss58Address: "5G",
    secretPhrase: "xxxxxxxxxxxxxx",
    secretSeed: null,
  });
  assert.equal(decode(secrets.get("secretPhrase")), "bottom drive");
  assert.equal(secrets.size, 1);
  assert.ok(bytes.every((byte) => byte === 0));
});

Deno.test("separateSecrets() makes no JSON of a secret that is none", () => {
  for (const value of ["\\'", "\\u12g4", "\\u12", "\\x41", "a\nb", "\0"]) {
    const { text } = separateSecrets(encode(`{"secretSeed": "${value}"}`));
    assert.throws(() => JSON.parse(text), SyntaxError, value);
  }
});

Deno.test("separateSecrets() masks nested secrets, too, and takes only those of the object itself", () => {
  const { text, secrets } = separateSecrets(
    encode('[{"a": {"secretSeed": "0x12"}}, {"secretSeed": "0x34"}]'),
  );
  assert.doesNotMatch(text, /0x12|0x34/);
  assert.equal(secrets.size, 0);
});

Deno.test("separateSecrets() keeps the text a JSON text of the same shape, and finds what JSON.parse() finds", () => {
  const name = fc.constantFrom("secretPhrase", "secretSeed", "privateKey", "ss58Address", "a");
  const value = fc.oneof(fc.string({ unit: "grapheme-ascii" }), fc.integer(), fc.constant(null), fc.object());
  const escaped = (text: string): string =>
    text.replace(/secret|p/g, (part) => `\\u00${part.charCodeAt(0).toString(16)}${part.slice(1)}`);
  fc.assert(fc.property(fc.dictionary(name, value), fc.boolean(), (fields, isEscaped) => {
    const json = JSON.stringify(fields);
    const { text, secrets } = separateSecrets(encode(isEscaped ? escaped(json) : json));
    const parsed = JSON.parse(text);
    assert.deepEqual(Object.keys(parsed), Object.keys(fields));
    for (const key of ["secretPhrase", "secretSeed", "privateKey"] as const) {
      const secret = fields[key];
      const isText = typeof secret === "string";
      assert.equal(
        decode(secrets.get(key)),
        isText ? secret.replace(/^[ \t\n\r]+|[ \t\n\r]+$/g, "") : undefined,
      );
      if (isText) assert.match(parsed[key], /^x*$/);
    }
  }));
});

Deno.test("separateSecrets() takes the last value of a key that occurs twice, and ends for any bytes", () => {
  const { secrets } = separateSecrets(encode('{"secretSeed": "a", "secretSeed": "b"}'));
  assert.equal(decode(secrets.get("secretSeed")), "b");
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void separateSecrets(bytes)));
  for (
    const text of ['{"secretSeed": "', '{"secretSeed": "\\', '{"secretSeed": "\\u12', '{"secretSeed":', '"']
  ) {
    separateSecrets(encode(text));
  }
});

Deno.test("decodeHex() reads digits with and without 0x, and nothing else", () => {
  const hex = (text: string): [string, number] | null => {
    const decoded = decodeHex(encode(text));
    return decoded === null ? null : [decoded.bytes.toHex(), decoded.digitCount];
  };
  assert.deepEqual(hex("0xAb09"), ["ab09", 4]);
  assert.deepEqual(hex("ab09"), ["ab09", 4]);
  assert.deepEqual(hex("0X"), ["", 0]);
  assert.deepEqual(hex("abc"), ["ab", 3]);
  for (const text of ["0xg0", "a b0", "é0", "`0", "0x0x00"]) assert.equal(hex(text), null, text);
});
