import assert from "node:assert/strict";
import { LogRecorder } from "../../support/log_recorder.ts";
import { ChainError, endpointFailureOf } from "../../../src/chain/errors.ts";
import { type CommitmentResult, runCommitmentJob } from "../../../src/agent/jobs/commitment_job.ts";
import { connectorFor } from "../../../src/agent/jobs/connect.ts";
import { openSigningApi } from "../../../src/chain/signing_api.ts";
import { type HotkeySigner, openHotkeySigner } from "../../../src/chain/wallet/signer.ts";
import { Line } from "../../../src/agent/jobs/line.ts";
import { type Simulator, startSimulator } from "../../../src/simulator/mod.ts";
import { NETUID, setUpMarket } from "../../../scripts/scene/market.ts";

/** Two nodes of one chain. */
async function twoNodes(): Promise<{ nodes: [Simulator, Simulator]; endpoints: string[] } & AsyncDisposable> {
  const nodes: [Simulator, Simulator] = [
    await startSimulator({ startBlock: 7_500_000, timestamps: "clock" }),
    await startSimulator({ startBlock: 7_500_000, timestamps: "clock" }),
  ];
  for (const { chain } of nodes) setUpMarket(chain, 7_499_990);
  return {
    nodes,
    endpoints: nodes.map(({ url }) => url),
    [Symbol.asyncDispose]: async () => {
      for (const node of nodes) await node.close();
    },
  };
}

const refuse = { kind: "error", code: -32000, message: "this node is out of order" } as const;

Deno.test("Line.ask() takes a question that one endpoint cannot answer to the next one, and stays there", async () => {
  await using chain = await twoNodes();
  chain.nodes[0].setFault("state_getKeysPaged", refuse);
  const log = new LogRecorder();
  const failures: unknown[] = [];
  await using line = new Line(
    connectorFor({ endpoints: chain.endpoints, expectedGenesisHash: undefined }, log),
    log,
    (error) => failures.push(endpointFailureOf(error)),
  );
  const head = await line.ask((connection) => connection.bestHead());
  const read = { netuid: NETUID, tempo: 360, head, firstBlockNumber: head.number };
  const snapshot = await line.ask((connection) => connection.readSnapshot(read));
  assert.equal(snapshot.chain.endpoint, chain.endpoints[1]);
  assert.equal(log.fieldsOf("Endpoint failed")?.endpoint, chain.endpoints[0]);
  assert.deepEqual(failures, [{ endpoint: chain.endpoints[0], kind: "rpc" }]);
  await line.ask((connection) => connection.bestHead());
  assert.equal(
    chain.nodes[0].requestCounts().chain_getHeader,
    chain.nodes[1].requestCounts().chain_getHeader! - 0,
  );
});

Deno.test("Line.ask() fails with the first endpoint's reason when none answers, and tries them all the next time", async () => {
  await using chain = await twoNodes();
  for (const node of chain.nodes) node.setFault("state_getKeysPaged", refuse);
  const log = new LogRecorder();
  await using line = new Line(
    connectorFor({ endpoints: chain.endpoints, expectedGenesisHash: undefined }, log),
    log,
  );
  const head = await line.ask((connection) => connection.bestHead());
  const read = { netuid: NETUID, tempo: 360, head, firstBlockNumber: head.number };
  const first = chain.endpoints[0]!;
  await assert.rejects(
    line.ask((connection) => connection.readSnapshot(read)),
    (error) => error instanceof ChainError && error.endpoint === first,
  );
  chain.nodes[0].setFault("state_getKeysPaged", null);
  const snapshot = await line.ask((connection) => connection.readSnapshot(read));
  assert.equal(snapshot.chain.endpoint, first);
});

Deno.test("Line.ask() distinguishes endpoints of one host without showing their keys", async () => {
  await using chain = await twoNodes();
  const [node] = chain.nodes;
  node.setFault("state_getKeysPaged", refuse);
  const log = new LogRecorder();
  const endpoints = ["one", "two"].map((key) => `${node.url}/key-${key}?token=${key}`);
  await using line = new Line(connectorFor({ endpoints, expectedGenesisHash: undefined }, log), log);
  const head = await line.ask((connection) => connection.bestHead());
  const read = { netuid: NETUID, tempo: 360, head, firstBlockNumber: head.number };
  await assert.rejects(line.ask((connection) => connection.readSnapshot(read)), ChainError);
  assert.equal(log.events("warning").filter((event) => event === "Endpoint failed").length, 2);
  assert.doesNotMatch(JSON.stringify(log.lines), /key-|token/);
});

Deno.test("Line.ask() asks the next endpoint, too, when one is slow, and goes on with the first answer", async () => {
  await using chain = await twoNodes();
  const log = new LogRecorder();
  const failures: unknown[] = [];
  const noteFailure = (error: unknown): void => void failures.push(endpointFailureOf(error));
  const connect = connectorFor(
    { endpoints: chain.endpoints, expectedGenesisHash: undefined },
    log,
    noteFailure,
  );
  await using line = new Line(connect, log, noteFailure);
  assert.equal(await line.ask((connection) => Promise.resolve(connection.endpoint)), chain.endpoints[0]);
  chain.nodes[0].setFault("chain_getHeader", { kind: "hang" });
  const startMs = performance.now();
  await line.ask((connection) => connection.bestHead());
  assert.ok(performance.now() - startMs < 3500);
  assert.equal(await line.ask((connection) => Promise.resolve(connection.endpoint)), chain.endpoints[1]);
  assert.deepEqual(failures, [{ endpoint: chain.endpoints[0], kind: "timeout" }]);
  assert.match(String(log.fieldsOf("Endpoint failed")?.error), /did not answer within 2000 ms, and another/);
});

Deno.test("Line.ask() stays with a slow endpoint that answers before the next one", async () => {
  await using chain = await twoNodes();
  chain.nodes[0].setFault("chain_getHeader", { kind: "delay", delayMs: 2300 });
  chain.nodes[1].setFault("chain_getBlockHash", { kind: "hang" });
  const log = new LogRecorder();
  await using line = new Line(
    connectorFor({ endpoints: chain.endpoints, expectedGenesisHash: undefined }, log),
    log,
  );
  await line.ask((connection) => connection.bestHead());
  assert.equal(await line.ask((connection) => Promise.resolve(connection.endpoint)), chain.endpoints[0]);
  assert.deepEqual(log.events("warning"), []);
});

Deno.test("Line.ask() asks once when a retry is pointless", async () => {
  let connections = 0;
  await using line = new Line(() => {
    connections++;
    return Promise.resolve({
      endpoint: "ws://a",
      watchStalls: () => () => {},
      close: () => Promise.resolve(),
    } as never);
  }, new LogRecorder());
  const final = new ChainError("no such pallet", {
    kind: "missing-pallet",
    endpoint: "ws://a",
    retryable: false,
  });
  await assert.rejects(line.ask(() => Promise.reject(final)), final);
  assert.equal(connections, 1);
});

Deno.test("connectorFor() stays with the chain that answered first", async () => {
  await using other = await startSimulator({
    seed: "another chain",
    startBlock: 7_500_000,
    timestamps: "clock",
  });
  await using chain = await twoNodes();
  const log = new LogRecorder();
  const endpoints = [chain.endpoints[0]!, other.url];
  await using line = new Line(connectorFor({ endpoints, expectedGenesisHash: undefined }, log), log);
  await line.ask((connection) => connection.bestHead());
  chain.nodes[0].setFault("state_getKeysPaged", refuse);
  const read = { netuid: NETUID, tempo: 360, head: chain.nodes[0].chain.head, firstBlockNumber: 7_500_000 };
  await assert.rejects(line.ask((connection) => connection.readSnapshot(read)), /out of order/);
});

/** Publishes a bid at two nodes, of which the first closes the connection instead of answering the submission. */
async function publishUnconfirmed(
  onSleep: (nodes: readonly Simulator[], hotkey: string, data: string) => void,
): Promise<{ result: CommitmentResult; submissions: (number | undefined)[]; log: LogRecorder }> {
  await using chain = await twoNodes();
  chain.nodes[0].setFault("author_submitAndWatchExtrinsic", { kind: "close" });
  const file = (): Uint8Array =>
    new TextEncoder().encode(JSON.stringify({ secretSeed: "0x".padEnd(66, "7") }));
  const openSigner = (): Promise<HotkeySigner> => openHotkeySigner("hotkey", file);
  using signer = await openSigner();
  const hotkey = signer.address;
  for (const node of chain.nodes) node.chain.registerNeuron(NETUID, { hotkey });
  const log = new LogRecorder();
  const text = "2;b;BTC,1=0.45:1";
  const input = { netuid: NETUID, hotkey, text, workerCount: 1, force: false, dryRun: false };
  const result = await runCommitmentJob(input, {
    connect: connectorFor({ endpoints: chain.endpoints, expectedGenesisHash: undefined }, log, () => {}, {
      openSigningApi,
    }),
    openSigner,
    sleep: () => Promise.resolve(onSleep(chain.nodes, hotkey, text)),
    remainingMs: () => 100_000,
    step: () => {},
    log,
  });
  const submissions = chain.nodes.map((node) => node.requestCounts().author_submitAndWatchExtrinsic);
  return { result, submissions, log };
}

Deno.test("runCommitmentJob() finds a bid on the chain whose confirmation was lost, and submits it once", async () => {
  const { result, submissions, log } = await publishUnconfirmed(([, other], hotkey, data) => {
    other!.chain.advance(1);
    other!.chain.setCommitment({ netuid: NETUID, hotkey, data });
  });
  assert.equal(result.action, "published");
  assert.equal(result.submitted?.blockNumber, 7_500_001);
  assert.match(result.submitted?.blockHash ?? "", /^0x[0-9a-f]{64}$/);
  assert.deepEqual(submissions, [1, undefined]);
  assert.ok(log.events("warning").includes("Submission not confirmed: looking for it on the chain"));
});

Deno.test("runCommitmentJob() fails with the submission's error when the bid does not appear", async () => {
  let rounds = 0;
  await assert.rejects(
    publishUnconfirmed(() => void rounds++),
    /Cannot publish the commitment: the node did not confirm its receipt/,
  );
  assert.equal(rounds, 5);
});

Deno.test("runCommitmentJob() does not take an older bid of the same text for the new one", async () => {
  await assert.rejects(
    publishUnconfirmed(([, other], hotkey, data) =>
      other!.chain.setCommitment({ netuid: NETUID, hotkey, data, block: 7_500_000 })
    ),
    /did not confirm its receipt/,
  );
});
