import assert from "node:assert/strict";
import fc from "fast-check";
import { parseBidCommitment } from "../../../src/auction/protocol/bid_commitment.ts";
import { formatFp18, parseFp18 } from "../../../src/auction/protocol/fp18.ts";
import { ProtocolError } from "../../../src/auction/protocol/errors.ts";
import { buildCommitment, splitWorkers } from "../../../src/auction/protocol/worker_sizes.ts";

const ONE = 10n ** 18n;

Deno.test("splitWorkers() splits a large worker into full ones and the remainder", () => {
  assert.deepEqual(splitWorkers(["0.45"]), [["0.45", 1]]);
  assert.deepEqual(splitWorkers(["10"]), [["0.45", 22], ["0.1", 1]]);
  assert.deepEqual(splitWorkers(["0.9", "0.90", "0.1"]), [["0.45", 4], ["0.1", 1]]);
});

Deno.test("splitWorkers() lets a small remainder borrow from one full worker", () => {
  assert.deepEqual(splitWorkers(["0.46"]), [["0.41", 1], ["0.05", 1]]);
  assert.deepEqual(splitWorkers(["1.36"]), [["0.41", 1], ["0.45", 2], ["0.05", 1]]);
  assert.deepEqual(splitWorkers(["0.450000000000000001"]), [["0.400000000000000001", 1], ["0.05", 1]]);
});

Deno.test("splitWorkers() keeps the hashrate and makes only allowed sizes", () => {
  const hashrate = fc.bigInt(ONE / 20n, 20n * ONE).map(formatFp18);
  fc.assert(fc.property(fc.array(hashrate, { maxLength: 10 }), (hashrates) => {
    const sizes = splitWorkers(hashrates);
    const sum = sizes.reduce((total, [text, count]) => total + parseFp18(text) * BigInt(count), 0n);
    assert.equal(sum, hashrates.reduce((total, text) => total + parseFp18(text), 0n));
    for (const [text] of sizes) {
      assert.ok(parseFp18(text) >= ONE / 20n && parseFp18(text) <= ONE * 9n / 20n, text);
    }
  }));
});

Deno.test("splitWorkers() refuses workers that are too small or too many", () => {
  for (const text of ["0", "-1", "0.049999999999999999", "x"]) {
    assert.throws(() => splitWorkers([text]), ProtocolError, text);
  }
  assert.throws(() => splitWorkers(["450.1"]), /as 1001 workers: a commitment holds at most 1000/);
  assert.throws(() => splitWorkers(["9".repeat(60)]), ProtocolError);
});

Deno.test("buildCommitment() publishes lists as v2, or as v1 where that is allowed", () => {
  const list = { priceFp18: ONE, kind: "list", hashrates: ["0.2", "0.1", "1.0"] } as const;
  const v2 = buildCommitment([list]);
  assert.equal(v2.text, "2;b;BTC,1=0.1:2,0.2:1,0.45:2");
  assert.equal(v2.totalWorkers, 3);
  assert.equal(v2.byteLength, 28);
  const v1 = buildCommitment([list], { allowV1: true });
  assert.equal(v1.version, 1);
  assert.equal(v1.text, "1;b;1=0.1,0.2,1");
});

Deno.test("buildCommitment() publishes tables of sizes as v2 always", () => {
  const offer = { priceFp18: ONE, kind: "sizes", sizes: [["0.45", 2]] } as const;
  assert.equal(buildCommitment([offer], { allowV1: true }).text, "2;b;BTC,1=0.45:2");
});

Deno.test("buildCommitment() puts several prices into one commitment", () => {
  const built = buildCommitment([
    { priceFp18: ONE, kind: "sizes", sizes: [["0.45", 2]] },
    { priceFp18: ONE * 9n / 10n, kind: "list", hashrates: ["0.5"] },
  ]);
  assert.equal(built.text, "2;b;BTC,0.9=0.05:1,0.45:1;BTC,1=0.45:2");
  assert.equal(built.totalWorkers, 3);
  const reading = parseBidCommitment(new TextEncoder().encode(built.text), 8_000_000);
  assert.ok(reading.kind === "bids");
  assert.equal(reading.bids.length, 3);
});

Deno.test("buildCommitment() withdraws when nothing is offered", () => {
  assert.equal(buildCommitment([]).text, "2;b;");
  assert.equal(buildCommitment([{ priceFp18: ONE, kind: "list", hashrates: [] }]).text, "2;b;");
});
