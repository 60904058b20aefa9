import assert from "node:assert/strict";
import { MAX_METADATA_BYTES, MAX_VERSION_LENGTH, shelfOf } from "../../../src/agent/jobs/kept_runtime.ts";
import { keptRuntimeFields } from "../../../src/agent/workers/kept_runtime_fields.ts";

const hash = `0x${"00".repeat(32)}`;

Deno.test("runtimes beyond MAX_METADATA_BYTES or MAX_VERSION_LENGTH are neither kept nor accepted", () => {
  for (
    const [metadataBytes, versionLength, isKept] of [
      [MAX_METADATA_BYTES, MAX_VERSION_LENGTH, true],
      [MAX_METADATA_BYTES + 1, 1, false],
      [1, MAX_VERSION_LENGTH + 1, false],
    ] as const
  ) {
    const metadata = new Uint8Array(metadataBytes);
    const versionJson = " ".repeat(versionLength);
    let kept = 0;
    shelfOf([], () => kept++).keep("ws://a", { genesisHash: hash, codeHash: hash, versionJson, metadata });
    assert.equal(kept === 1, isKept);
    const isAccepted = keptRuntimeFields.metadata.safeParse(metadata).success &&
      keptRuntimeFields.versionJson.safeParse(versionJson).success;
    assert.equal(isAccepted, isKept);
  }
});
