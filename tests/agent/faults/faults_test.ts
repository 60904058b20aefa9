/** A sample of the matrix that `deno task faults` tries as a whole. */

import assert from "node:assert/strict";
import { CONNECT } from "../../support/fault_proxy.ts";
import { FaultBench, type Subject, SUBJECTS } from "./bench.ts";

/** A trial, and whether the run succeeds in spite of the fault. */
type Sample = readonly [Subject, fault: string, stage: string, survives: boolean];

const ALONE: readonly Sample[] = [
  ["auction", "handshake cut", CONNECT, false],
  ["auction", "cut in mid-frame", "Metadata_metadata_at_version", false],
  ["auction", "reset", "NeuronInfoRuntimeApi_get_neurons_lite", false],
  ["auction", "head goes back", "chain_getBlockHash#2", true],
  ["commitment", "reset", "author_submitAndWatchExtrinsic", true],
  ["commitment", "another genesis", "chain_getHeader#2", false],
  ["commitment", "sent twice", "author_submitAndWatchExtrinsic", true],
  ["commitment", "garbage", "chain_getFinalizedHead", false],
  ["head", "garbage", "chain_newHead", true],
];

const WITH_ANOTHER: readonly Sample[] = [
  ["auction", "accepted and silent", CONNECT, true],
  ["auction", "stuck in mid-frame", "Metadata_metadata_at_version", true],
  ["auction", "silent", "NeuronInfoRuntimeApi_get_neurons_lite", true],
  ["commitment", "wrong id", "chain_getHeader", true],
  ["commitment", "silent", "system_accountNextIndex", true],
  ["commitment", "cut in mid-frame", "author_extrinsicUpdate", true],
  ["commitment", "silent", "chain_getBlock", true],
  ["head", "silent", "chain_getBlockHash", true],
  ["head", "accepted and silent", CONNECT, true],
];

Deno.test("a fault of the only endpoint ends the run clearly, routes nothing by half and submits nothing twice", async () => {
  await tryAll(ALONE, false);
});

Deno.test("an endpoint that hangs costs at most three seconds when there is another one", async () => {
  await tryAll(WITH_ANOTHER, true);
});

async function tryAll(samples: readonly Sample[], hasAnother: boolean): Promise<void> {
  await Promise.all(SUBJECTS.map(async (subject) => {
    await using bench = await FaultBench.set(hasAnother);
    for (const [, name, stage, survives] of samples.filter((sample) => sample[0] === subject)) {
      const fault = bench.faults.find((candidate) => candidate.name === name);
      assert.ok(fault !== undefined, `there is a fault "${name}"`);
      const where = `${subject}: ${name} at ${stage}`;
      const result = await bench.try({ subject, fault, stage });
      assert.deepEqual(result.complaints, [], where);
      assert.equal(result.hasStruck, true, where);
      assert.equal(result.error === null, survives, `${where}: ${result.error ?? "it succeeded"}`);
    }
  }));
}
