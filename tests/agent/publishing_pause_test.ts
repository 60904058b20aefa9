import assert from "node:assert/strict";
import { PublishingPause } from "../../src/agent/publishing_pause.ts";
import { JobFailedError } from "../../src/agent/workers/job_host.ts";

function limitUntil(notBeforeBlock: number | null): JobFailedError {
  return new JobFailedError({
    name: "DispatchError",
    message: "",
    stack: null,
    wrongInput: false,
    notBeforeBlock,
  });
}

Deno.test("PublishingPause ends once, at its block", () => {
  const pause = new PublishingPause();
  assert.equal(pause.endsAt(100), false);
  pause.note(limitUntil(103), 100);
  assert.deepEqual([pause.lasts(102), pause.endsAt(102)], [true, false]);
  assert.equal(pause.endsAt(104), true, "the watcher may miss a block");
  assert.equal(pause.endsAt(105), false);
});

Deno.test("PublishingPause is over when a run succeeds or fails for another reason, and needs a head", () => {
  for (const end of [null, limitUntil(null), new Error("timeout")]) {
    const pause = new PublishingPause();
    pause.note(limitUntil(103), 100);
    pause.note(end, 100);
    assert.equal(pause.untilBlock, null);
  }
  const blind = new PublishingPause();
  blind.note(limitUntil(103), null);
  assert.equal(blind.untilBlock, null);
});
