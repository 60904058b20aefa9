import assert from "node:assert/strict";
import {
  logger,
  type LogStream,
  MAX_LOG_LINE_CHARACTERS,
  startLogging,
  stopLogging,
} from "../../src/lib/log.ts";

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

for (const format of ["json", "pretty"] as const) {
  Deno.test(`logger() writes no line of more than MAX_LOG_LINE_CHARACTERS in the ${format} format`, async () => {
    const recorder = new Recorder();
    await startLogging({ level: "info", format, stream: recorder });
    const long = "x".repeat(MAX_LOG_LINE_CHARACTERS);
    logger().info("Fits", { text: long.slice(500) });
    logger().info("Cut", { text: long, list: Array(10_000).fill("entry"), number: 1, short: "kept" });
    logger().info(
      "Without fields",
      Object.fromEntries(Array(1_000).fill(long).map((text, i) => [`f${i}`, text])),
    );
    await stopLogging();
    const [fits, cut, bare] = recorder.text.trimEnd().split("\n");
    assert.ok(fits!.includes(long.slice(500)));
    assert.match(cut!, /x{2000}… \(63536 more characters\)/);
    assert.match(cut!, /kept/);
    assert.ok(cut!.length < 10_000);
    assert.match(bare!, /left_out\S+\d+ characters"/);
    assert.ok(bare!.length < 200);
  });
}
