import assert from "node:assert/strict";

/** Whether a process runs; one that has ended may wait for ever for its parent to notice (Z). */
export function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

/** Resolves once none of the processes runs; fails when some still do after a while. */
export async function untilGone(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (pids.some(isRunning)) {
    assert.ok(performance.now() < deadline, `of ${pids.join(", ")} some still run`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
