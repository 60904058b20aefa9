import assert from "node:assert/strict";
import { environmentOf, unitEnvironment } from "../../../scripts/scene/unit_environment.ts";

Deno.test("environmentOf: what a unit sets", () => {
  const unit = "[Service]\nEnvironment=MALLOC_ARENA_MAX=2\n#Environment=OFF=1\nEnvironment=HOME=/var/lib/x\n";
  assert.deepEqual(environmentOf(unit), { MALLOC_ARENA_MAX: "2", HOME: "/var/lib/x" });
});

Deno.test("unitEnvironment: the units have glibc give memory back", () => {
  assert.deepEqual(unitEnvironment(), { MALLOC_ARENA_MAX: "2", MALLOC_TRIM_THRESHOLD_: "65536" });
});
