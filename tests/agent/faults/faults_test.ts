/** A sample of the matrix that `deno task faults` tries as a whole. */

import assert from "node:assert/strict";
import { CONNECT } from "../../support/fault_proxy.ts";
import { FaultBench, type Subject, SUBJECTS } from "./bench.ts";

/** Trials with the proxy's endpoint alone: whether the run survives the fault. */
const ALONE: readonly (readonly [Subject, fault: string, stage: string, survives: boolean])[] = [
  ["auction", "handshake cut", CONNECT, false],
  ["auction", "cut in mid-frame", "Metadata_metadata_at_version", false],
  ["auction", "reset", "NeuronInfoRuntimeApi_get_neurons_lite", false],
  ["auction", "head goes back", "chain_getBlockHash#2", true],
  ["commitment", "reset", "author_submitAndWatchExtrinsic", false],
  ["commitment", "another genesis", "author_extrinsicUpdate", false],
  ["commitment", "sent twice", "author_submitAndWatchExtrinsic", true],
  ["head", "garbage", "chain_newHead", true],
];

Deno.test("a fault of the only endpoint ends the run clearly, routes nothing by half and submits nothing twice", async () => {
  await Promise.all(SUBJECTS.map(async (subject) => {
    await using bench = await FaultBench.set(false);
    for (const [, name, stage, survives] of ALONE.filter((trial) => trial[0] === subject)) {
      const fault = bench.faults.find((candidate) => candidate.name === name);
      assert.ok(fault !== undefined, `there is a fault "${name}"`);
      const where = `${subject}: ${name} at ${stage}`;
      const result = await bench.try({ subject, fault, stage });
      assert.deepEqual(result.complaints, [], where);
      assert.equal(result.hasStruck, true, where);
      assert.equal(result.error === null, survives, `${where}: ${result.error ?? "it succeeded"}`);
    }
  }));
});
