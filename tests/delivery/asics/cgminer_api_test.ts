import assert from "node:assert/strict";
import {
  askMiner,
  type CgminerConnect,
  CgminerError,
  type CgminerErrorKind,
  type CgminerQuestion,
  MAX_MINER_ANSWER_BYTES,
} from "../../../src/delivery/asics/cgminer_api.ts";
import { currentPool, poolsOf } from "../../../src/delivery/asics/cgminer_pools.ts";
import { summaryOf } from "../../../src/delivery/asics/cgminer_summary.ts";
import {
  FIRMWARE_DIALECTS,
  type MinerFault,
  type MinerServer,
  startMiner,
} from "../../../src/simulator/asic/mod.ts";

const POOLS: CgminerQuestion = { command: "pools" };

async function rejectsWith(
  server: Pick<MinerServer, "host" | "port">,
  question: CgminerQuestion,
  kind: CgminerErrorKind,
  message: RegExp,
): Promise<void> {
  const startedMs = performance.now();
  await assert.rejects(askMiner(server, question, { timeoutMs: 400 }), (error) => {
    assert.ok(error instanceof CgminerError, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    assert.ok(error.message.includes(`127.0.0.1:${server.port}`), error.message);
    return true;
  });
  assert.ok(performance.now() - startedMs < 4000, "the timeout bounds it all");
}

Deno.test("askMiner() reads pools and summary of every dialect", async () => {
  for (const dialect of FIRMWARE_DIALECTS) {
    await using server = startMiner({ dialect, hashratePh: 0.1045 });
    await askMiner(server, { command: "switchpool", parameter: "1" }, { timeoutMs: 2000 });
    const pools = poolsOf(await askMiner(server, POOLS, { timeoutMs: 2000 }));
    assert.deepEqual(pools.map(({ number }) => number), [0, 1]);
    assert.equal(currentPool(pools)?.number, 1, dialect);
    const { hashratePh, elapsedSeconds } = summaryOf(
      await askMiner(server, { command: "summary" }, { timeoutMs: 2000 }),
    );
    assert.equal(hashratePh, 0.1045, dialect);
    assert.equal(elapsedSeconds, 100_000);
  }
});

Deno.test("askMiner() reads at most MAX_MINER_ANSWER_BYTES of an answer without an end", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let sent = 0;
  const flood = (async (): Promise<void> => {
    using connection = await listener.accept();
    const chunk = new TextEncoder().encode(`{"POOLS":[${" ".repeat(100_000)}`);
    try {
      for (; sent < 1_000 * MAX_MINER_ANSWER_BYTES; sent += chunk.length) await connection.write(chunk);
    } catch {
      // The agent has closed the connection.
    }
  })();
  await rejectsWith({ host: "127.0.0.1", port: listener.addr.port }, POOLS, "garbled", /./);
  await flood;
  // What the kernel took counts, too.
  assert.ok(sent < 100 * MAX_MINER_ANSWER_BYTES, `${sent} bytes`);
});

Deno.test("askMiner() reads an answer however it ends, and repairs a missing comma", async () => {
  await using server = startMiner();
  for (const ending of ["\0", "", "\n", "\0\0\0", "\n\0", "\0\u0007rest{", "garbage"]) {
    server.ending = ending;
    assert.equal(
      poolsOf(await askMiner(server, POOLS, { timeoutMs: 2000 })).length,
      2,
      JSON.stringify(ending),
    );
  }
  server.rewrite = (json) => json.replace("},{", "}{").replace("account.worker", "account\u0002worker");
  assert.equal(poolsOf(await askMiner(server, POOLS, { timeoutMs: 2000 })).length, 2);
});

Deno.test("askMiner() sends a parameter as text", async () => {
  await using server = startMiner();
  await askMiner(server, { command: "switchpool", parameter: "1" }, { timeoutMs: 2000 });
  assert.deepEqual(server.miner.commands, ["switchpool 1"]);
  assert.equal(server.miner.currentPool, 1);
});

const faults: [string, MinerFault, CgminerErrorKind, RegExp][] = [
  [
    "is slow",
    { kind: "slow", delayMs: 5000 },
    "timeout",
    /did not answer pools: there was no answer within 400 ms/,
  ],
  ["sends byte by byte", { kind: "trickle", delayMs: 20 }, "timeout", /only \d+ bytes of the answer arrived/],
  ["accepts and is mute", { kind: "mute" }, "timeout", /firewall/],
  ["breaks off", { kind: "drop" }, "garbled", /Cannot parse/],
  ["shuts us out", { kind: "shut-out" }, "unreachable", /without an answer|reset/i],
  ["talks nonsense", { kind: "garbled" }, "garbled", /check that the address is a miner's API/],
];

for (const [what, fault, kind, message] of faults) {
  Deno.test(`askMiner() throws a typed error when the miner ${what}`, async () => {
    await using server = startMiner();
    server.miner.fault = fault;
    await rejectsWith(server, POOLS, kind, message);
  });
}

Deno.test("askMiner() throws a typed error when nothing listens", async () => {
  const server = startMiner();
  await server.stop();
  await rejectsWith(server, POOLS, "unreachable", /nothing listens there; check that the miner runs/);
});

Deno.test("askMiner() throws a typed error for the miner's own errors", async () => {
  await using server = startMiner();
  await rejectsWith(
    server,
    { command: "switchpool", parameter: "7" },
    "no-such-pool",
    /Invalid pool id 7 - range is 0 - 1/,
  );
  server.miner.fault = { kind: "denied" };
  await rejectsWith(server, { command: "switchpool", parameter: "1" }, "denied", /api-allow/);
  server.miner.fault = { kind: "refuse" };
  await rejectsWith(
    server,
    { command: "switchpool", parameter: "1" },
    "refused",
    /"Invalid command" \(code 14\)/,
  );
});

Deno.test("askMiner() reads a STATUS that is not a list", async () => {
  await using server = startMiner();
  server.rewrite = () => '{"STATUS":"E","When":1,"Code":45,"Msg":"no","Description":""}';
  await rejectsWith(server, POOLS, "denied", /"no"/);
  server.rewrite = () => '{"STATUS":{"STATUS":"W","Msg":"careful"},"POOLS":[{}]}';
  assert.equal(poolsOf(await askMiner(server, POOLS, { timeoutMs: 2000 })).length, 1);
  server.rewrite = () => '{"POOLS":[]}';
  await rejectsWith(server, POOLS, "garbled", /not the JSON of the cgminer API/);
});

Deno.test("askMiner() takes no answer above a megabyte", async () => {
  await using server = startMiner();
  server.rewrite = () => `{"STATUS":[{"STATUS":"S"}],"x":"${"y".repeat(1_100_000)}"}`;
  const error = await askMiner(server, POOLS, { timeoutMs: 5000 }).catch((error) => error);
  assert.equal(error.kind, "garbled");
});

Deno.test("askMiner() throws the signal's reason, before and during the question", async () => {
  await using server = startMiner();
  server.miner.fault = { kind: "mute" };
  const controller = new AbortController();
  const { signal } = controller;
  const connected = Promise.withResolvers<void>();
  const connect: CgminerConnect = async (options) => {
    const connection = await Deno.connect(options);
    connected.resolve();
    return connection;
  };
  const reason = new Error("stopped");
  const asked = askMiner(server, POOLS, { timeoutMs: 60_000, signal, connect });
  await connected.promise;
  controller.abort(reason);
  await assert.rejects(asked, reason);
  const neverCalled: CgminerConnect = () => assert.fail("connected after the end");
  await assert.rejects(askMiner(server, POOLS, { timeoutMs: 60_000, signal, connect: neverCalled }), reason);
});

Deno.test("askMiner() gives up connecting in time", async () => {
  const connect = ({ signal }: { readonly signal: AbortSignal }): Promise<never> =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const asked = askMiner({ host: "192.0.2.1", port: 4028 }, POOLS, { timeoutMs: 20, connect });
  await assert.rejects(asked, { name: "CgminerError", kind: "timeout" });
});
