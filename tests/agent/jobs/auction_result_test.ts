import assert from "node:assert/strict";
import { makeSnapshot, PRICES } from "../../auction/inputs/make_snapshot.ts";
import { Random } from "../../../scripts/random.ts";
import type { AuctionSnapshot } from "../../../src/auction/inputs/snapshot.ts";
import { prepareAuction } from "../../../src/auction/inputs/prepare.ts";
import { epochStart, windowAt } from "../../../src/auction/protocol/windows.ts";
import type { SolvedAnswer } from "../../../src/agent/jobs/auction_job.ts";
import {
  type AskedAuction,
  checkAgainstHead,
  readAuctionAnswer,
} from "../../../src/agent/jobs/auction_result.ts";
import { computeOutcome, solvePrepared } from "../../../src/agent/jobs/compute_outcome.ts";

const NETUID = 89;
const HOTKEY = "me";
const WINDOW = windowAt(8_000_000, epochStart(NETUID, 360, 8_000_000));
const RANDOM_MARKETS = 60;
const ENDPOINT = "ws://127.0.0.1:9944";

/** A budget of one PH, for which two bidders offer twice 0.45 PH each, and one a smaller worker besides. */
const CONTESTED = makeSnapshot({
  firstBlock: WINDOW.firstBlock,
  bids: { [HOTKEY]: "2;b;BTC,1=0.45:2", rivaL: "2;b;BTC,1=0.45:2,0.05:1" },
  validators: { vaLidator: { prices: { ...PRICES, HASHP_USDC: "5000" } } },
});
const ASKED: AskedAuction = {
  netuid: NETUID,
  hotkey: HOTKEY,
  known: null,
  onAmbiguous: "deliver-safe",
  network: { endpoints: [`${ENDPOINT}/`], expectedGenesisHash: CONTESTED.chain.genesisHash },
};

/** What an honest worker answers. */
async function honest(snapshot = CONTESTED): Promise<SolvedAnswer> {
  return {
    kind: "solved",
    snapshot,
    startBlock: snapshot.head.number,
    solved: await solvePrepared(prepareAuction(snapshot), { ...ASKED, remainingMs: () => 20_000 }),
    splitStorageKey: "0x1234",
    headAgeSeconds: 3,
    pay: {
      uid: 7,
      incentive: 820,
      emissionRao: 1_500_000_000n,
      revealPeriodEpochs: 1,
      lastEpochBlock: 7_999_000,
    },
  };
}

/** A market of a few bidders, with a budget that pays for a part of what they offer. */
function randomMarket(seed: number): AuctionSnapshot {
  const random = new Random(seed);
  const bid = (): string => {
    const sizes = Array.from(
      { length: random.integer(1, 3) },
      () => `0.${random.integer(50, 450).toString().padStart(3, "0")}:${random.integer(1, 6)}`,
    );
    return `2;b;BTC,${random.integer(90, 106) / 100}=${sizes.join(",")}`;
  };
  const rivals = Array.from({ length: random.integer(0, 5) }, (_, i) => [`rivaL${i + 1}`, bid()]);
  return makeSnapshot({
    firstBlock: WINDOW.firstBlock,
    bids: Object.fromEntries([[HOTKEY, bid()], ...rivals]),
    validators: { vaLidator: { prices: { ...PRICES, HASHP_USDC: String(random.integer(500, 20_000)) } } },
  });
}

Deno.test("readAuctionAnswer() accepts bids of many more hotkeys than a subnet has neurons", async () => {
  const rivals = Array.from(
    { length: 600 },
    (_, i) => [`r${String(i).replaceAll("0", "a")}`, "2;b;BTC,1=0.45:1000"],
  );
  const snapshot = makeSnapshot({
    firstBlock: WINDOW.firstBlock,
    bids: Object.fromEntries([[HOTKEY, "2;b;BTC,0.95=0.45:2"], ...rivals]),
    validators: { vaLidator: { prices: PRICES } },
  });
  const result = readAuctionAnswer(structuredClone(await honest(snapshot)), ASKED);
  assert.ok(result.kind === "computed");
  assert.equal(result.outcome.commitments.workers, 600_002);
  assert.equal(result.outcome.own.wonCount, 2);
});

// deno-lint-ignore no-explicit-any -- lies have no type
type Lie = (answer: any) => unknown;

/** What the main thread makes of a lie; the answer is changed in place unless the lie gives another one. */
async function tell(lie: Lie, asked: Partial<AskedAuction> = {}): Promise<unknown> {
  const answer = structuredClone(await honest());
  return readAuctionAnswer(lie(answer) ?? answer, { ...ASKED, ...asked });
}

Deno.test("readAuctionAnswer() derives from an honest answer what computeOutcome() finds", async () => {
  const window = WINDOW;
  const input = { snapshot: CONTESTED, window, hotkey: HOTKEY, onAmbiguous: ASKED.onAmbiguous };
  const { outcome, solved } = await computeOutcome({ ...input, remainingMs: () => 20_000 });
  const answer = await honest();
  const result = readAuctionAnswer(structuredClone(answer), ASKED);
  assert.ok(result.kind === "computed" && result.outcome.solver !== null && outcome.solver !== null);
  const { durationMs } = result.outcome.solver;
  assert.deepEqual(result.outcome, { ...outcome, solver: { ...outcome.solver, durationMs } });
  assert.deepEqual(result.solved, { ...solved, durationMs: answer.solved?.durationMs });
  assert.equal(result.outcome.own.ambiguous, true, "the case is made for this");
});

Deno.test("readAuctionAnswer() refuses no honest answer, proven or cut off", async () => {
  const network = { ...ASKED.network, expectedGenesisHash: undefined };
  let ambiguous = 0;
  for (let seed = 1; seed <= RANDOM_MARKETS; seed++) {
    const snapshot = randomMarket(seed);
    const remainingMs = (): number => seed % 3 === 0 ? 0 : 1_000;
    const solved = await solvePrepared(prepareAuction(snapshot), { ...ASKED, remainingMs });
    const answer = { ...await honest(), snapshot, solved };
    const result = readAuctionAnswer(structuredClone(answer), { ...ASKED, network });
    assert.ok(result.kind === "computed", `seed ${seed}`);
    assert.deepEqual(result.solved, solved, `seed ${seed}`);
    if (result.outcome.own.ambiguous) ambiguous++;
  }
  assert.ok(ambiguous > 0, "the markets are made for this");
});

Deno.test("readAuctionAnswer() takes the rule's winners, whatever the worker says of one size", async () => {
  const snapshot = makeSnapshot({
    firstBlock: WINDOW.firstBlock,
    bids: { [HOTKEY]: "2;b;BTC,1=0.45:2", rivaL: "2;b;BTC,0.5=0.45:9" },
    validators: { vaLidator: { prices: { ...PRICES, HASHP_USDC: "5000" } } },
  });
  const answer = structuredClone(await honest(snapshot));
  const [own, ...others] = answer.solved!.wins;
  assert.deepEqual([own, others], [0, [4]]);
  const result = readAuctionAnswer({ ...answer, solved: { ...answer.solved, wins: [2, 0] } }, ASKED);
  assert.ok(result.kind === "computed");
  assert.deepEqual([result.outcome.own.wonCount, result.solved?.wins], [0, [0, 4]]);
});

const LIES: readonly (readonly [what: string, lie: Lie, expected: RegExp, asked?: Partial<AskedAuction>])[] =
  [
    ["nothing", () => "a text", /expected object/],
    ["an outcome of its own", () => ({ kind: "computed", outcome: {} }), /kind/],
    ["more winners than bids", (a) => a.solved.wins.fill(1e5) && undefined, /other winners than bids/],
    ["1e300 winners", (a) => void (a.solved.wins[0] = 1e300), /wins\.0/],
    ["a billion winners", (a) => void (a.solved.wins[0] = 1e9), /wins\.0/],
    ["negative winners", (a) => void (a.solved.wins[0] = -1), /wins\.0/],
    ["NaN winners", (a) => void (a.solved.wins[0] = NaN), /wins\.0/],
    ["half a winner", (a) => void (a.solved.wins[0] = 0.5), /wins\.0/],
    ["winners of bids that are not there", (a) => void a.solved.wins.push(1), /other winners than bids/],
    ["winners above the budget", (a) => void (a.solved.wins = [2, 2, 1]), /cost more than the budget/],
    ["no solution", (a) => void (a.solved = null), /it solved an auction/],
    [
      "that it is possible to win more",
      (a) => void (a.solved.own.value.most = 10n ** 9n),
      /ranges go beyond/,
    ],
    [
      "that more is certain than possible",
      (a) => void (a.solved.own.value.fewest = 900_001n),
      /ranges go beyond/,
    ],
    ["infinitely much", (a) => void (a.solved.own.value.most = Infinity), /value\.most/],
    ["ranges of another bid", (a) => void (a.solved.own.runs[0].itemIndex = 1), /ranges go beyond/],
    ["ranges of no bid", (a) => void (a.solved.own = null), /ranges of no bid/],
    ["an endless search", (a) => void (a.solved.durationMs = Infinity), /durationMs/],
    ["another subnet", (a) => void (a.snapshot.netuid = 1), /subnet 1, not 89/],
    ["another chain", (a) => void (a.snapshot.chain.genesisHash = `0x${"ab".repeat(32)}`), /another chain/],
    ["another endpoint", (a) => void (a.snapshot.chain.endpoint = "wss://evil.example"), /not configured/],
    [
      "the window before",
      (a) => void (a.startBlock = a.snapshot.head.number -= 60),
      /not the first of its window/,
    ],
    [
      "a first block in the middle",
      (a) => void a.snapshot.firstBlock.number++,
      /not the first of its window/,
    ],
    ["a start after its end", (a) => void (a.startBlock = a.snapshot.head.number + 1), /it began at block/],
    ["a start long ago", (a) => void (a.startBlock = 0), /it began at block/],
    ["a hash that is none", (a) => void (a.snapshot.firstBlock.hash = "0x"), /firstBlock\.hash/],
    ["a price in the snapshot", (a) => void (a.snapshot.neurons[0].stakeRao = "-1"), /stakeRao/],
    [
      "a bid twice",
      (a) => void a.snapshot.commitments.push({ ...a.snapshot.commitments[0], storageKey: "0xff" }),
      /two records/,
    ],
    ["a storage key with a path", (a) => void (a.splitStorageKey = "../../etc/passwd"), /splitStorageKey/],
    ["an age that is none", (a) => void (a.headAgeSeconds = NaN), /headAgeSeconds/],
    [
      "a name that moves the cursor",
      (a) => void (a.snapshot.neurons[0].hotkey = "\x1b[2J"),
      /neurons\.0\.hotkey/,
    ],
    [
      "a record of 5 MB",
      (a) => void (a.snapshot.commitments[0].data = `0x${"00".repeat(5e6)}`),
      /commitments is wrong: must have at most/,
    ],
    [
      "a million records",
      (a) => void (a.snapshot.commitments = Array(1e6).fill(a.snapshot.commitments[0])),
      /commitments is wrong/,
    ],
    [
      "four billion records",
      (a) => void (a.snapshot.commitments = Array(2 ** 32 - 1)),
      /commitments is wrong/,
    ],
    ["four billion winners", (a) => void (a.solved.wins = Array(2 ** 32 - 1)), /wins is wrong/],
    ["four billion ranges", (a) => void (a.solved.own.runs = Array(2 ** 32 - 1)), /runs is wrong/],
    [
      "no change, with nothing known",
      (a) => ({ kind: "unchanged", head: a.snapshot.head }),
      /no window was known/,
    ],
    [
      "no change, in another window",
      (a) => ({ kind: "unchanged", head: { ...a.snapshot.head, number: WINDOW.lastBlock + 1 } }),
      /not in the known window/,
      { known: { window: WINDOW, firstBlock: CONTESTED.firstBlock, mechanismEmissionSplit: null } },
    ],
  ];

for (const [what, lie, expected, asked] of LIES) {
  Deno.test(`readAuctionAnswer() refuses ${what}`, async () => {
    await assert.rejects(tell(lie, asked), (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.name, /^(WorkerAnswerError|SnapshotError)$/);
      assert.match(error.message, expected);
      assert.ok(error.message.length < 500, error.message);
      return true;
    });
  });
}

Deno.test("readAuctionAnswer() refuses a bid that no commitment can hold, on a chain that still reads v1", async () => {
  const firstBlock = windowAt(7_000_000, epochStart(NETUID, 360, 7_000_000)).firstBlock;
  const snapshot = makeSnapshot({
    firstBlock,
    bids: { [HOTKEY]: "1;b;0.0000001=99999" },
    validators: { vaLidator: { prices: PRICES } },
  });
  const answer = await honest(snapshot);
  assert.throws(() => readAuctionAnswer(answer, ASKED), /more than 450 PH\/s is impossible/);
});

Deno.test("checkAgainstHead() lets a job read another node, but not another window", () => {
  for (const headNumber of [940, 1000, 1060]) checkAgainstHead(headNumber, 1000);
  for (const headNumber of [939, 1061, 4e9]) {
    assert.throws(() => checkAgainstHead(headNumber, 1000), { name: "WorkerAnswerError" });
  }
});
