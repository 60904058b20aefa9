import assert from "node:assert/strict";
import { join } from "node:path";
import { CbcError } from "../../../src/auction/solver/cbc/program.ts";
import { cbcOfMainThread, serveCbc } from "../../../src/agent/workers/cbc_requests.ts";

Deno.test("cbcOfMainThread() gets the program's output or failure from serveCbc()", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "cbc");
    const script =
      '#!/bin/sh\n[ "$1" = fail ] && exit 3\n[ "$1" = hang ] && sleep 60\necho "$0 $* in $(pwd)"\n';
    await Deno.writeTextFile(path, script, { mode: 0o755 });
    const { signal } = new AbortController();
    const serve = serveCbc(["/bin/sh", path]);
    // Only what can be sent crosses over.
    const run = cbcOfMainThread(async (request) =>
      structuredClone(await serve(structuredClone(request), { folder, signal }))
    );
    // The main thread knows the command; whatever else is asked for is not run.
    const foreign = ["/bin/false"];
    const limits = { folder: "/", timeLimitMs: 10_000 };
    assert.equal(await run(foreign, ["one", "two"], limits), `${path} one two in ${folder}\n`);
    const failure = (name: CbcError["failure"]) => (error: unknown): boolean =>
      error instanceof CbcError && error.failure === name;
    await assert.rejects(run(foreign, ["fail"], limits), failure("crashed"));
    await assert.rejects(run(foreign, ["hang"], { ...limits, timeLimitMs: 100 }), failure("timeout"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
