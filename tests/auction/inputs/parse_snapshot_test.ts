import assert from "node:assert/strict";
import { parseSnapshot } from "../../../src/auction/inputs/parse_snapshot.ts";
import { SnapshotError } from "../../../src/auction/protocol/errors.ts";
import { makeSnapshot } from "./make_snapshot.ts";

const snapshot = makeSnapshot({ bids: { me: "2;b;BTC,1=0.1:1" } });

Deno.test("parseSnapshot() reads a snapshot back from JSON", () => {
  assert.deepEqual(parseSnapshot(JSON.parse(JSON.stringify(snapshot))), snapshot);
});

const broken: [string, unknown, string][] = [
  ["something else", [], ""],
  ["another format", { ...snapshot, format: "other/1" }, "format"],
  ["a missing part", { ...snapshot, neurons: undefined }, "neurons"],
  ["a bad block", { ...snapshot, head: { ...snapshot.head, number: -1 } }, "head.number"],
  ["a bad record", {
    ...snapshot,
    commitments: [snapshot.commitments[0], { ...snapshot.commitments[1], data: "2;b;" }],
  }, "commitments[1].data"],
  ["a stake that is no integer", {
    ...snapshot,
    neurons: [{ ...snapshot.neurons[0], stakeRao: "1e9" }],
  }, "neurons[0].stakeRao"],
];
for (const [what, json, path] of broken) {
  Deno.test(`parseSnapshot() names the path of ${what}`, () => {
    assert.throws(() => parseSnapshot(json), (error) => {
      assert.ok(error instanceof SnapshotError);
      assert.equal(error.path, path);
      assert.ok(
        error.message.startsWith(`Cannot read the snapshot: ${path || "the whole document"} is wrong`),
      );
      return true;
    });
  });
}
