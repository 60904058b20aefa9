import assert from "node:assert/strict";
import { RecordKeeper } from "../../src/agent/record_keeper.ts";
import type { DaemonEvent } from "../../src/agent/events.ts";
import { type LedgerContent, ledgerFolder, readLedger } from "../../src/agent/records/ledger.ts";
import { type LedgerLine, WINDOW_TABLE } from "../../src/agent/records/ledger_line.ts";
import { PAY_TABLE } from "../../src/agent/records/pay_line.ts";
import { SnapshotStore } from "../../src/agent/records/snapshot_store.ts";
import { computeWindow, epochPaid, FakeAgent, HOTKEY, START_MS } from "../operator/status/fake_agent.ts";

const OWNER = { netuid: 89, hotkey: HOTKEY };
const WORKERS_API = '[[delivery.sources]]\nworkers_api = "http://127.0.0.1:8000"\n';

/** An agent with a state folder and a keeper that observes it. */
class KeptAgent extends FakeAgent {
  readonly keeper = new RecordKeeper({
    log: this.log,
    nowMs: () => this.nowMs + this.steppedMs,
    monotonicMs: () => this.nowMs,
  });

  private constructor(readonly state: string) {
    super();
  }

  static async open(more = "", keys = ""): Promise<KeptAgent> {
    const agent = new KeptAgent(await Deno.makeTempDir());
    await agent.readSettings(`${more}[state]\ndirectory = "${agent.state}"\n${keys}`);
    return agent;
  }

  override observe(event: DaemonEvent): void {
    super.observe(event);
    this.keeper.notice(event);
  }

  async window(number: number): Promise<void> {
    await this.computeWindow({ number });
    this.route();
    this.run("auction");
  }

  async lines(): Promise<LedgerContent<LedgerLine>> {
    await this.keeper.stop();
    return await readLedger(ledgerFolder(this.state, OWNER), WINDOW_TABLE, "2000-01");
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.keeper.stop();
    await super[Symbol.asyncDispose]();
    await Deno.remove(this.state, { recursive: true });
  }
}

Deno.test("RecordKeeper keeps each window's snapshot, and the line of a window once the next one begins", async () => {
  await using agent = await KeptAgent.open("", "snapshots = 2\n");
  for (const number of [0, 1, 2]) await agent.window(number);
  const { lines } = await agent.lines();
  assert.equal(lines.length, 2);
  assert.equal(lines[1]!.firstBlock - lines[0]!.firstBlock, 60);
  assert.ok(lines.every(({ wonPh, creditedPh }) => wonPh === 1.65 && creditedPh === null));
  const { auctions, unreadable } = await new SnapshotStore(agent.state, OWNER).newest(9);
  assert.deepEqual([auctions.length, unreadable.length], [2, 0]);
  assert.equal(auctions[1]!.hotkey, HOTKEY);
});

Deno.test("RecordKeeper writes a window that is over although no other one began, and never the current one", async () => {
  await using agent = await KeptAgent.open();
  await agent.window(0);
  assert.equal((await agent.lines()).lines.length, 0);
  const checked = { kind: "staleness-checked", isStale: false, policy: "keep" } as const;
  agent.observe({ ...checked, isWindowOver: false });
  assert.equal((await agent.lines()).lines.length, 0);
  agent.observe({ ...checked, isWindowOver: true });
  assert.equal((await agent.lines()).lines.length, 1);
});

Deno.test("RecordKeeper waits for the final credit of a window, but not for ever", async () => {
  await using agent = await KeptAgent.open(WORKERS_API);
  const written = async (): Promise<number> => {
    // Not stop(), which waits no longer.
    await new Promise((resolve) => setTimeout(resolve, 50));
    return (await readLedger(ledgerFolder(agent.state, OWNER), WINDOW_TABLE, "2000-01")).lines.length;
  };
  await agent.window(0);
  agent.measureCredit({ rig1: 0.9 });
  await agent.window(1);
  assert.equal(await written(), 0);
  agent.measureCredit({ rig1: 1.2 });
  agent.measure({ isFinal: true });
  assert.equal(await written(), 1);
  await agent.window(2);
  assert.equal(await written(), 1);
  agent.pass(181);
  agent.run("auction");
  assert.equal(await written(), 2);
  const { lines } = await agent.lines();
  assert.deepEqual(lines.map(({ creditedPh }) => creditedPh), [1.2, null]);
  assert.ok(lines[0]!.creditedUsdc! < lines[0]!.expectedUsdc!);
});

Deno.test("RecordKeeper writes each epoch that was paid once, in a file of its own", async () => {
  await using agent = await KeptAgent.open();
  const first = epochPaid(361, 0.0125);
  agent.pay([first]);
  agent.pay([first]);
  agent.pass(4_332);
  agent.pay([first, { ...epochPaid(722, 0), expectedShare: null, verdict: "unknown" }]);
  assert.equal((await agent.lines()).lines.length, 0);
  const { lines, unreadable } = await readLedger(ledgerFolder(agent.state, OWNER), PAY_TABLE, "2000-01");
  assert.equal(unreadable, 0);
  assert.deepEqual(
    lines.map(({ paidAtBlock, paidShare, expectedShare, verdict }) => [
      paidAtBlock,
      paidShare,
      expectedShare,
      verdict,
    ]),
    [[361, 0.0125, 0.0125, "as-expected"], [722, 0, null, "unknown"]],
  );
});

for (const hours of [-10, 10]) {
  Deno.test(`RecordKeeper waits three minutes for a credit while the host's clock steps by ${hours} h`, async () => {
    await using agent = await KeptAgent.open(WORKERS_API);
    const written = async (): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return (await readLedger(ledgerFolder(agent.state, OWNER), WINDOW_TABLE, "2000-01")).lines.length;
    };
    await agent.window(0);
    await agent.window(1);
    agent.step(hours);
    agent.pass(179);
    agent.run("auction");
    assert.equal(await written(), 0);
    agent.pass(2);
    agent.run("auction");
    assert.equal(await written(), 1);
  });
}

for (
  const [when, hours] of [["10 h ahead", 10], ["10 h behind", -10], [
    "in 1970",
    -START_MS / 3_600_000,
  ]] as const
) {
  Deno.test(`RecordKeeper writes pay by the chain's time with a host's clock ${when}`, async () => {
    await using agent = await KeptAgent.open();
    agent.step(hours);
    await agent.window(0);
    agent.pass(600);
    agent.pay([epochPaid(361, 0.0125)]);
    await agent.keeper.stop();
    const { lines } = await readLedger(ledgerFolder(agent.state, OWNER), PAY_TABLE, "1970-01");
    const { snapshot } = await computeWindow({});
    assert.deepEqual(lines.map(({ seenAt }) => Date.parse(seenAt)), [snapshot.head.timestampMs! + 600_000]);
  });
}

Deno.test("RecordKeeper writes no ledger and no snapshots where they are turned off", async () => {
  await using agent = await KeptAgent.open("", "ledger = false\nsnapshots = 0\n");
  for (const number of [0, 1]) await agent.window(number);
  assert.equal((await agent.lines()).lines.length, 0);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(agent.state)), []);
});

Deno.test("RecordKeeper logs that it cannot write, and affects nothing else", async () => {
  await using agent = await KeptAgent.open();
  await Deno.writeTextFile(`${agent.state}/ledger`, "in the way");
  await Deno.writeTextFile(`${agent.state}/snapshots`, "in the way");
  for (const number of [0, 1]) await agent.window(number);
  await agent.keeper.stop();
  const warnings = agent.log.events("warning");
  assert.ok(warnings.includes("Cannot write the ledger"), warnings.join());
  assert.ok(warnings.includes("Cannot keep the window's snapshot"), warnings.join());
});
