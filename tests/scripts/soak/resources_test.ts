import assert from "node:assert/strict";
import { holdingsOf } from "../../../scripts/soak/resources.ts";

Deno.test("holdingsOf() counts files and children of a process, and says when it is gone", async () => {
  const before = holdingsOf(Deno.pid)!;
  assert.ok(before.rssMb > 10 && before.threads >= 1);
  const file = await Deno.open("/dev/null");
  const child = new Deno.Command("sleep", { args: ["60"], stdin: "null", stdout: "null", stderr: "null" })
    .spawn();
  const during = holdingsOf(Deno.pid)!;
  assert.ok(during.files > before.files);
  assert.equal(during.children, before.children + 1);
  file.close();
  child.kill("SIGKILL");
  await child.status;
  assert.equal(holdingsOf(Deno.pid)!.children, before.children);
  assert.equal(holdingsOf(child.pid), null);
});
