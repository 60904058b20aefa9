import assert from "node:assert/strict";
import fc from "fast-check";
import { formatFp18, fp18ToNumber, parseFp18 } from "../../../src/auction/protocol/fp18.ts";
import { ProtocolError } from "../../../src/auction/protocol/errors.ts";

Deno.test("parseFp18() reads decimals with digits missing on either side of the point", () => {
  assert.equal(parseFp18("0.45"), 450_000_000_000_000_000n);
  assert.equal(parseFp18(" -.5\n"), -500_000_000_000_000_000n);
  assert.equal(parseFp18("+5."), 5_000_000_000_000_000_000n);
  assert.equal(parseFp18("."), 0n);
});

Deno.test("parseFp18() counts digits after trailing zeros are dropped", () => {
  assert.equal(parseFp18(`0.${"0".repeat(17)}1${"0".repeat(5000)}`), 1n);
  assert.throws(() => parseFp18(`0.${"0".repeat(18)}1`), /has 19 digits after the point/);
  // Only ASCII zeros are trailing zeros.
  assert.throws(() => parseFp18(`1.${"0".repeat(18)}٠`), ProtocolError);
});

Deno.test("parseFp18() refuses text that is not a plain decimal", () => {
  for (
    const text of ["", " ", "+", "--1", "- 1", "1 5", "1,5", "1.2.3", "1e3", "1_0", "inf", "0x1", "²", "1\0"]
  ) {
    assert.throws(() => parseFp18(text), ProtocolError, JSON.stringify(text));
  }
});

Deno.test("parseFp18() refuses more digits than Python converts", () => {
  assert.equal(parseFp18("9".repeat(4282)), BigInt(`${"9".repeat(4282)}${"0".repeat(18)}`));
  assert.throws(() => parseFp18("9".repeat(4301)), ProtocolError);
});

Deno.test("parseFp18() answers any text with an integer or a ProtocolError", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    try {
      assert.equal(typeof parseFp18(text), "bigint");
    } catch (error) {
      assert.ok(error instanceof ProtocolError);
    }
  }));
});

Deno.test("formatFp18() writes the shortest text, which parseFp18() reads back", () => {
  assert.equal(formatFp18(-1_500_000_000_000_000_000n), "-1.5");
  assert.equal(formatFp18(1n), "0.000000000000000001");
  assert.equal(formatFp18(0n), "0");
  fc.assert(fc.property(fc.bigInt(), (value) => {
    const text = formatFp18(value);
    assert.equal(parseFp18(text), value);
    assert.match(text, /^-?(0|[1-9]\d*)(\.\d*[1-9])?$/);
  }));
});

Deno.test("fp18ToNumber() divides the double, and overflows to infinity", () => {
  assert.equal(fp18ToNumber(450_000_000_000_000_000n), 0.45);
  assert.equal(fp18ToNumber(999_999_999_999_999_999n), 1);
  assert.equal(fp18ToNumber(10n ** 400n), Infinity);
});
