import assert from "node:assert/strict";
import { runKillRounds } from "./kill_rounds.ts";

const ROUNDS = 10;

Deno.test("applyRouting() killed at random moments loses neither content, nor edit, nor reload", async () => {
  const { idle, old, new: finished, torn } = await runKillRounds(ROUNDS);
  assert.equal(idle + old + finished + torn, ROUNDS);
});
