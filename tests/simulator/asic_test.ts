import assert from "node:assert/strict";
import {
  type FirmwareDialect,
  type MinerServer,
  SimulatedMiner,
  startMiner,
} from "../../src/simulator/asic/mod.ts";

/** Asks over plain TCP; the answer with what ends it. */
async function ask({ host, port }: MinerServer, request: string): Promise<string> {
  using connection = await Deno.connect({ hostname: host, port });
  await connection.write(new TextEncoder().encode(request));
  return await new Response(connection.readable).text();
}

function status(
  answer: string,
): { STATUS: string; Code: number; Msg: string; Description: string; When: number } {
  return JSON.parse(answer.replaceAll("\0", "")).STATUS[0];
}

interface PoolEntry {
  readonly POOL: number;
  readonly Status: string;
  readonly Priority: number;
  readonly "Stratum Active": boolean;
}

function pools(miner: SimulatedMiner): readonly PoolEntry[] {
  return JSON.parse(miner.answer('{"command":"pools"}')).POOLS;
}

Deno.test("startMiner() answers with cgminer's envelope, a NUL, and the connection's end", async () => {
  await using server = startMiner();
  const answer = await ask(server, '{"command":"summary"}');
  assert.ok(answer.endsWith('"id":1}\0'));
  const { When, ...rest } = status(answer);
  assert.deepEqual(rest, { STATUS: "S", Code: 11, Msg: "Summary", Description: "cgminer 4.12.1" });
  assert.ok(When > 1_600_000_000);
});

const errors: [string, number, string][] = [
  ['{"command":"dance"}', 14, "Invalid command"],
  ["summary\n", 23, "Invalid JSON"],
  ['{"parameter":"1"}', 24, "Missing JSON 'command'"],
  ['{"command":"switchpool"}', 25, "Missing pool id parameter"],
  ['{"command":"switchpool","parameter":"7"}', 26, "Invalid pool id 7 - range is 0 - 2"],
];

for (const [request, code, message] of errors) {
  Deno.test(`startMiner() answers ${JSON.stringify(request)} with code ${code}`, async () => {
    await using server = startMiner({ poolCount: 3 });
    const { STATUS, Code, Msg } = status(await ask(server, request));
    assert.deepEqual([STATUS, Code, Msg], ["E", code, message]);
  });
}

Deno.test("SimulatedMiner switches after its time, and keeps the order of the other pools", () => {
  let nowMs = 0;
  const miner = new SimulatedMiner({ poolCount: 3, switchMs: 5000, monotonicMs: () => nowMs });
  const { Msg, Code } = status(miner.answer('{"command":"switchpool","parameter":"2"}'));
  assert.deepEqual([Code, Msg], [27, "Switching to pool 2:'stratum+tcp://pool-2.example.org:3333'"]);
  assert.deepEqual(pools(miner).map((pool) => pool.Priority), [1, 2, 0]);
  assert.deepEqual(pools(miner).map((pool) => pool["Stratum Active"]), [true, false, false]);
  nowMs = 5000;
  assert.deepEqual(pools(miner).map((pool) => pool["Stratum Active"]), [false, false, true]);
});

Deno.test("SimulatedMiner goes to the next pool when one dies, and back to its configuration at a restart", () => {
  const miner = new SimulatedMiner({ poolCount: 3 });
  miner.usePool(2);
  miner.setPoolAlive(2, false);
  assert.equal(miner.currentPool, 0);
  assert.equal(pools(miner)[2]!.Status, "Dead");
  miner.setPoolAlive(2, true);
  assert.equal(miner.currentPool, 2);
  miner.restart();
  assert.deepEqual([miner.currentPool, miner.elapsedSeconds], [0, 0]);
});

Deno.test("SimulatedMiner writes its hashrate as its firmware does", () => {
  const figures: [FirmwareDialect, string, unknown, string][] = [
    ["cgminer", "MHS 1m", 104_500_000, "CGMiner"],
    ["bmminer", "GHS 5s", "104500.00", "BMMiner"],
    ["bosminer", "MHS 24h", 104_500_000, "BOSminer"],
  ];
  for (const [dialect, name, value, program] of figures) {
    const miner = new SimulatedMiner({ hashratePh: 0.1045, dialect });
    assert.equal(JSON.parse(miner.answer('{"command":"summary"}')).SUMMARY[0][name], value);
    assert.ok(program in JSON.parse(miner.answer('{"command":"version"}')).VERSION[0]);
    miner.fault = { kind: "idle" };
    assert.equal(Number(JSON.parse(miner.answer('{"command":"summary"}')).SUMMARY[0][name]), 0);
  }
});

Deno.test("SimulatedMiner writes JSON as carelessly as some firmware, and changes no text", () => {
  const samples: [FirmwareDialect, string, RegExp][] = [
    ["commas", '{"command":"summary"}', /"SUMMARY":\[,\{"Elapsed":.*229146072015,\},\],"id":1,\}$/],
    ["no-commas", '{"command":"pools"}', /"URL":"[^"]*""Status":"Alive""Priority":0,.*\}\{"POOL":1/],
    ["nan", '{"command":"summary"}', /"Utility":nan,"Work Utility":-nan,"Device Rejected%":inf,.*:-inf,/],
  ];
  for (const [dialect, request, expected] of samples) {
    const miner = new SimulatedMiner({ dialect });
    miner.user = "a,b]}null";
    assert.match(miner.answer(request), expected);
    assert.throws(() => JSON.parse(miner.answer(request)));
    assert.ok(miner.answer('{"command":"pools"}').includes('"User":"a,b]}null"'), dialect);
  }
});

Deno.test("SimulatedMiner that lies says S and does not switch; one that denies says code 45", () => {
  const miner = new SimulatedMiner();
  const request = '{"command":"switchpool","parameter":"1"}';
  miner.fault = { kind: "liar" };
  assert.equal(status(miner.answer(request)).STATUS, "S");
  assert.equal(miner.currentPool, 0);
  miner.fault = { kind: "denied" };
  const { STATUS, Code, Msg } = status(miner.answer(request));
  assert.deepEqual([STATUS, Code, Msg], ["E", 45, "Access denied to 'switchpool' command"]);
  assert.equal(miner.switchCount, 2);
});

Deno.test("MinerServer listens at the same port again, with the miner as it was", async () => {
  await using server = startMiner();
  server.miner.usePool(1);
  await server.stop();
  await assert.rejects(ask(server, '{"command":"version"}'), Deno.errors.ConnectionRefused);
  server.resume();
  assert.equal(status(await ask(server, '{"command":"version"}')).Code, 22);
  assert.equal(server.miner.currentPool, 1);
});
