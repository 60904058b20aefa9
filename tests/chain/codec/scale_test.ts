import assert from "node:assert/strict";
import { TypeRegistry } from "@polkadot/types";
import fc from "fast-check";
import {
  decodeScale,
  decodeWhole,
  encodeKeyArgument,
  entryOf,
  listOf,
  type ScaleType,
  Variant,
  wholeNumber,
} from "../../../src/chain/codec/scale.ts";

const registry = new TypeRegistry();
const primitive = (value: string): ScaleType => ({ type: "primitive", value });
const BYTES: ScaleType = { type: "sequence", value: primitive("u8") };

/** A type as both sides know it, with values and what they are decoded to. */
interface Known {
  readonly type: ScaleType;
  /** In the language of @polkadot/types. */
  readonly name: string;
  readonly values: fc.Arbitrary<readonly [given: unknown, decoded: unknown]>;
}

function same<T>(values: fc.Arbitrary<T>): Known["values"] {
  return values.map((value) => [value, value] as const);
}

const integers = [8, 16, 32, 64, 128, 256].flatMap((bits): Known[] => {
  const decoded = (value: bigint): unknown => bits > 32 ? value : Number(value);
  return [
    {
      type: primitive(`u${bits}`),
      name: `u${bits}`,
      values: fc.bigInt(0n, 2n ** BigInt(bits) - 1n).map((value) => [value, decoded(value)]),
    },
    {
      type: primitive(`i${bits}`),
      name: `i${bits}`,
      values: fc.bigInt(-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n)
        .map((value) => [value, decoded(value)]),
    },
    {
      type: { type: "compact", isBig: bits > 32 },
      name: `Compact<u${bits}>`,
      values: fc.tuple(fc.bigInt(0n, 2n ** BigInt(bits) - 1n), fc.nat(bits - 1))
        .map(([value, shift]) => [value >> BigInt(shift), decoded(value >> BigInt(shift))]),
    },
  ];
});

const simple: readonly Known[] = [
  ...integers,
  { type: primitive("bool"), name: "bool", values: same(fc.boolean()) },
  {
    type: primitive("str"),
    name: "Text",
    values: same(fc.string({ unit: "grapheme" }).filter((text) => !text.startsWith("0x"))),
  },
  {
    type: { type: "AccountId32" },
    name: "AccountId",
    values: same(fc.uint8Array({ minLength: 32, maxLength: 32 })),
  },
  { type: BYTES, name: "Vec<u8>", values: fc.uint8Array().map((bytes) => [[...bytes], bytes]) },
  {
    type: { type: "array", value: primitive("u8"), len: 5 },
    name: "[u8; 5]",
    values: same(fc.uint8Array({ minLength: 5, maxLength: 5 })),
  },
  { type: { type: "void" }, name: "Null", values: fc.constant([null, null]) },
];

function composed(of: Known): Known[] {
  const { type, name, values } = of;
  const split = (all: readonly (readonly [unknown, unknown])[]): [unknown[], unknown[]] => [
    all.map(([given]) => given),
    all.map(([, decoded]) => decoded),
  ];
  return [
    {
      type: { type: "tuple", value: [type, type] },
      name: `(${name}, ${name})`,
      values: pair(values).map(split),
    },
    {
      type: { type: "struct", value: { one: type, other: type } },
      name: JSON.stringify({ one: name, other: name }),
      values: pair(values).map(([a, b]) => [{ one: a[0], other: b[0] }, { one: a[1], other: b[1] }]),
    },
    {
      type: {
        type: "enum",
        value: { A: { ...primitive("u16"), idx: 0 }, B: { type: "lookupEntry", value: type, idx: 1 } },
      },
      name: JSON.stringify({ _enum: { A: "u16", B: name } }),
      values: values.map(([given, decoded]) => [{ B: given }, new Variant("B", decoded)]),
    },
    {
      type: { type: "result", value: { ok: type, ko: primitive("u16") } },
      name: `Result<${name}, u16>`,
      values: values.map(([given, decoded]) => [{ Ok: given }, new Variant("Ok", decoded)]),
    },
    // The lookup describes a list of nothing as nothing.
    ...(type.type === "void" ? [] : [
      {
        type: { type: "array", value: type, len: 3 },
        name: `[${name}; 3]`,
        values: triple(values).map(split),
      } as const,
      {
        type: { type: "sequence", value: type },
        name: `Vec<${name}>`,
        values: fc.array(values).map(split),
      } as const,
    ]),
    // @polkadot/types has types of their own for the first two, and takes some accounts for none.
    ...(["bool", "Null", "AccountId"].includes(name) ? [] : [
      {
        type: { type: "option", value: type },
        name: `Option<${name}>`,
        values: fc.oneof(fc.constant([null, null] as const), values),
      } as const,
    ]),
  ];
}

const pair = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<[T, T]> => fc.tuple(values, values);
const triple = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<[T, T, T]> => fc.tuple(values, values, values);

const byteLists = ["u8", "[u8; 5]"];
for (
  const known of [
    ...simple,
    ...simple.filter(({ name }) => !byteLists.includes(name)).flatMap(composed),
  ]
) {
  const { type, name, values } = known;
  Deno.test(`decodeScale() reads ${name} as @polkadot/types writes it, and no part of it`, () => {
    fc.assert(
      fc.property(values, fc.uint8Array({ maxLength: 3 }), ([given, decoded], more) => {
        const bytes = registry.createType(name, given).toU8a();
        assert.deepEqual(decodeWhole(type, bytes), decoded);
        assert.deepEqual(decodeScale(type, Uint8Array.of(...bytes, ...more)), decoded);
        if (more.length > 0) {
          assert.throws(() => decodeWhole(type, Uint8Array.of(...bytes, ...more)), /go on after its end/);
        }
        if (bytes.length > 0) assert.throws(() => decodeScale(type, bytes.subarray(0, -1)), RangeError);
      }),
      { numRuns: 30 },
    );
  });
}

Deno.test("decodeScale() refuses what claims more than there is at once, and what is no value", () => {
  const huge = Uint8Array.of(254, 255, 255, 255, 0);
  for (const value of [primitive("u8"), primitive("u32"), { type: "void" }] as const) {
    assert.throws(() => decodeScale({ type: "sequence", value }, huge), /the bytes end too early/);
  }
  assert.throws(() => decodeScale(primitive("bool"), Uint8Array.of(2)), /neither true nor false/);
  assert.throws(() => decodeScale({ type: "option", value: BYTES }, Uint8Array.of(2)), /neither/);
  const variant: ScaleType = { type: "enum", value: { A: { type: "void", idx: 3 } } };
  assert.deepEqual(decodeScale(variant, Uint8Array.of(3)), new Variant("A", null));
  assert.throws(() => decodeScale(variant, Uint8Array.of(0)), /there is no variant 0/);
  assert.throws(
    () => decodeScale({ type: "unknown" } as unknown as ScaleType, huge),
    /do not describe its type/,
  );
});

Deno.test("decodeScale() takes a variant of fixed length to end there", () => {
  const padded: ScaleType = { type: "enum", value: { A: { ...primitive("u8"), idx: 1 } }, byteLength: 5 };
  const pair: ScaleType = { type: "tuple", value: [padded, primitive("u8")] };
  assert.deepEqual(decodeWhole(pair, Uint8Array.of(1, 7, 0, 0, 0, 9)), [new Variant("A", 7), 9]);
  assert.throws(() => decodeWhole(padded, Uint8Array.of(1, 7, 0)), /end too early/);
});

Deno.test("encodeKeyArgument() encodes whole numbers and accounts, and nothing else", () => {
  for (const bits of [8, 16, 32, 64, 128]) {
    const type = `u${bits}`;
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** BigInt(bits) - 1n), (value) => {
        assert.deepEqual(encodeKeyArgument(primitive(type), value), registry.createType(type, value).toU8a());
      }),
      { numRuns: 20 },
    );
    assert.throws(() => encodeKeyArgument(primitive(type), 2n ** BigInt(bits)), /Cannot encode/);
  }
  assert.throws(() => encodeKeyArgument(primitive("u16"), -1), /Cannot encode -1/);
  assert.throws(() => encodeKeyArgument(primitive("u16"), 1.5), /Cannot encode 1.5/);
  assert.throws(() => encodeKeyArgument(primitive("u16"), "1"), /Cannot encode 1/);
  assert.throws(() => encodeKeyArgument({ type: "AccountId32" }, new Uint8Array(31)), /Cannot encode/);
  assert.throws(() => encodeKeyArgument(BYTES, new Uint8Array(32)), /Cannot encode/);
});

Deno.test("the readers of decoded values refuse values of another kind", () => {
  assert.deepEqual([wholeNumber(7), wholeNumber(2n ** 53n - 1n)], [7, 2 ** 53 - 1]);
  for (const value of [-1, 1.5, 2n ** 53n, "1", null]) assert.throws(() => wholeNumber(value), RangeError);
  assert.equal(entryOf({ a: 1 }, "a"), 1);
  for (const value of [{}, null, "a", { b: 1 }]) assert.throws(() => entryOf(value, "a"), /has no a/);
  assert.throws(() => entryOf({}, "toString"), /has no toString/);
  assert.deepEqual([listOf([1]), listOf(Uint8Array.of(2))], [[1], [2]]);
  assert.throws(() => listOf({ length: 1 }), /is not a list/);
});
