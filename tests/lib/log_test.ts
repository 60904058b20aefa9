import assert from "node:assert/strict";
import { logger, type LogStream, startLogging, stopLogging } from "../../src/lib/log.ts";

class Recorder implements LogStream {
  text = "";
  /** Accepts at most `chunk` bytes at a time, like a full pipe. */
  constructor(readonly chunk = Number.POSITIVE_INFINITY) {}
  writeSync(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, this.chunk);
    this.text += new TextDecoder().decode(taken);
    return taken.length;
  }
  get lines(): Record<string, unknown>[] {
    return this.text.trimEnd().split("\n").map((line) => JSON.parse(line));
  }
}

Deno.test("logger() writes one JSON object per line with event, timestamp, level and fields", async () => {
  const recorder = new Recorder();
  await startLogging({ level: "info", format: "json", stream: recorder });
  logger().with({ run_id: "r1" }).info("Auction results computed", {
    won_count: 2,
    budget: 5n,
    gone: undefined,
  });
  logger().warning("Odd {braces} stay as they are");
  await stopLogging();

  const [first, second] = recorder.lines;
  assert.deepEqual(Object.keys(first!), ["event", "timestamp", "level", "run_id", "won_count", "budget"]);
  assert.equal(first!.event, "Auction results computed");
  assert.match(String(first!.timestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(first!.level, "info");
  assert.equal(first!.budget, "5");
  assert.equal(second!.event, "Odd {braces} stay as they are");
  assert.equal(second!.level, "warning");
});

Deno.test("logger() drops lines below the level, and all lines after stopLogging()", async () => {
  const recorder = new Recorder();
  await startLogging({ level: "warning", format: "json", stream: recorder });
  logger().info("unseen");
  logger().error("seen");
  await stopLogging();
  logger().error("too late");
  assert.deepEqual(recorder.lines.map(({ event }) => event), ["seen"]);
});

Deno.test("logger() writes whole lines to a stream that accepts a few bytes at a time", async () => {
  const recorder = new Recorder(7);
  await startLogging({ level: "info", format: "json", stream: recorder });
  logger().info("Miner commitment updated", { text: "2;b;BTC,1=0.45:2" });
  await stopLogging();
  assert.equal(recorder.lines[0]!.text, "2;b;BTC,1=0.45:2");
});

Deno.test("logger() writes readable lines in the pretty format", async () => {
  const recorder = new Recorder();
  await startLogging({ level: "info", format: "pretty", stream: recorder });
  logger().info("Auction results computed", { won_count: 2, reason: "two words" });
  await stopLogging();
  assert.match(
    recorder.text,
    /^\d\d:\d\d:\d\d info {5}Auction results computed {2}won_count=2 reason="two words"\n$/,
  );
});
