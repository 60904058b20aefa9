import assert from "node:assert/strict";
import { join } from "node:path";
import { locateProgram } from "../../src/lib/locate_program.ts";

Deno.test("locateProgram() searches the path, takes paths as they are, and wants an executable file", async () => {
  const folder = await Deno.makeTempDir({ prefix: "ih-miner-locate-" });
  try {
    const program = join(folder, "tool");
    await Deno.writeTextFile(program, "#!/bin/sh\n", { mode: 0o700 });
    assert.equal(await locateProgram("tool", `/nonexistent:${folder}`), program);
    assert.equal(await locateProgram(program, ""), program);
    assert.equal(await locateProgram("tool", ""), null);
    assert.equal(await locateProgram(folder, ""), null);
    await Deno.chmod(program, 0o600);
    assert.equal(await locateProgram("tool", folder), null);
    assert.equal(await locateProgram(`${program}/below`, ""), null);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
