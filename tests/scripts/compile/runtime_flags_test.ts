import assert from "node:assert/strict";
import { RUNTIME_FLAGS } from "../../../scripts/compile/runtime_flags.ts";
import { ENVIRONMENT_NAMES, TERMINAL_VARIABLES } from "../../../src/config/environment.ts";

Deno.test("RUNTIME_FLAGS contain no flag that grants a whole category needlessly", () => {
  for (const flag of ["-A", "--allow-all", "--allow-env", "--allow-sys", "--allow-ffi", "--allow-import"]) {
    assert.ok(!RUNTIME_FLAGS.includes(flag), flag);
  }
  assert.ok(RUNTIME_FLAGS.includes("--no-prompt"));
  assert.ok(RUNTIME_FLAGS.includes(`--allow-env=${[...ENVIRONMENT_NAMES, ...TERMINAL_VARIABLES].join(",")}`));
  assert.ok(RUNTIME_FLAGS.includes("--unstable-worker-options"), "workers could not be narrowed");
});
