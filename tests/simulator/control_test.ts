import assert from "node:assert/strict";
import { encodeAddress } from "@polkadot/util-crypto";
import { applyScenario, scenarioSchema, type Simulator, startSimulator } from "../../src/simulator/mod.ts";
import { account, address, commitmentCall, NETUID, RawClient, signExtrinsic } from "./support.ts";

const ALICE = account("Alice").address;
const START = 7_500_000;

interface State {
  readonly head: { readonly number: number; readonly hash: string; readonly timestampMs: number };
  readonly finalizedHead: { readonly number: number };
  readonly requestCounts: Record<string, number>;
  readonly subnets: readonly {
    readonly netuid: number;
    readonly tempo: number;
    readonly mechanismEmissionSplit: readonly number[] | null;
    readonly epoch: unknown;
    readonly neurons: readonly Record<string, unknown>[];
    readonly commitments: readonly { readonly hotkey: string; readonly storage: string }[];
  }[];
}

class Control {
  readonly #url: string;

  constructor({ controlUrl }: Simulator) {
    this.#url = controlUrl;
  }

  async post(path: string, body?: unknown): Promise<[status: number, body: Record<string, unknown>]> {
    const init: RequestInit = { method: "POST" };
    if (body !== undefined) init.body = typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(`${this.#url}${path}`, init);
    return [response.status, await response.json()];
  }

  async state(): Promise<State> {
    return await (await fetch(`${this.#url}/state`)).json();
  }
}

Deno.test("the control API moves the chain", async () => {
  await using simulator = await startSimulator({ startBlock: START });
  const control = new Control(simulator);
  const headOf = async (path: string, body?: unknown): Promise<unknown> => {
    const [status, answer] = await control.post(path, body);
    assert.equal(status, 200, JSON.stringify(answer));
    return answer.number;
  };
  assert.equal(await headOf("/advance"), START + 1);
  assert.equal(await headOf("/advance", { blocks: 5 }), START + 6);
  assert.equal(await headOf("/head", { number: START + 60 }), START + 60);
  assert.equal(await headOf("/rewind", { blocks: 2 }), START + 58);
  assert.equal(await headOf("/reorganise", { depth: 3 }), START + 59);
  assert.equal(await headOf("/timestamp", { timestampMs: 1_760_000_000_000 }), START + 59);
  const hash = `0x${"ab".repeat(32)}`;
  await headOf("/block-hash", { number: START + 59, hash });
  await headOf("/finality", { lagBlocks: 4 });
  await headOf("/advance", { blocks: 2 });
  const { head, finalizedHead } = await control.state();
  assert.deepEqual([head.number, head.timestampMs, finalizedHead.number], [
    START + 61,
    1_760_000_024_000,
    START + 59,
  ]);
  assert.equal(simulator.chain.blockHash(START + 59), hash);
});

Deno.test("the control API sets the state", async () => {
  await using simulator = await startSimulator({ startBlock: START });
  const control = new Control(simulator);
  const set = async (path: string, body: unknown): Promise<void> => {
    const [status, answer] = await control.post(path, body);
    assert.equal(status, 200, JSON.stringify(answer));
  };
  await set("/neurons", {
    netuid: NETUID,
    neurons: [{ hotkey: address(1), stakeRao: "18446744073709551615" }],
  });
  await set("/register", {
    netuid: NETUID,
    hotkey: ALICE,
    uid: 9,
    coldkey: address(2),
    stakeRao: 5,
    validatorPermit: true,
  });
  await set("/register", { netuid: NETUID, hotkey: address(3) });
  await set("/deregister", { netuid: NETUID, hotkey: address(3) });
  await set("/tempo", { netuid: NETUID, tempo: 99 });
  await set("/split", { netuid: NETUID, split: [32_768, 32_767] });
  await set("/mechanism-count", { netuid: NETUID, count: 2 });
  await set("/commitments", {
    netuid: NETUID,
    commitments: [
      { hotkey: ALICE, text: "2;b;", block: 3 },
      { hotkey: address(1), hex: "ff00" },
      { hotkey: address(2), fields: [{ kind: "None" }] },
      { hotkey: address(4), storage: "0xdead" },
      { hotkey: address(5), text: "gone" },
    ],
  });
  await set("/remove-commitment", { netuid: NETUID, hotkey: address(5) });
  await set("/storage", { key: "0x01", value: "0x02" });
  const { subnets } = await control.state();
  assert.equal(subnets.length, 1);
  const { tempo, mechanismEmissionSplit, neurons, commitments } = subnets[0]!;
  assert.deepEqual([tempo, mechanismEmissionSplit], [99, [32_768, 32_767]]);
  assert.deepEqual(neurons, [
    {
      uid: 0,
      hotkey: address(1),
      coldkey: address(1),
      stakeRao: "18446744073709551615",
      validatorPermit: false,
    },
    { uid: 9, hotkey: ALICE, coldkey: address(2), stakeRao: "5", validatorPermit: true },
  ]);
  const block = "e0707200";
  assert.deepEqual(Object.fromEntries(commitments.map(({ hotkey, storage }) => [hotkey, storage])), {
    [ALICE]: "0x0000000000000000030000000405323b623b",
    [address(1)]: `0x0000000000000000${block}0403ff00`,
    [address(2)]: `0x0000000000000000${block}0400`,
    [address(4)]: "0xdead",
  });
  assert.equal(simulator.chain.storageAt(simulator.chain.head, "01"), "02");
});

Deno.test("the control API sets weights, and shows what an epoch pays", async () => {
  await using simulator = await startSimulator({ startBlock: START });
  const control = new Control(simulator);
  const set = async (path: string, body: unknown): Promise<void> => {
    const [status, answer] = await control.post(path, body);
    assert.equal(status, 200, JSON.stringify(answer));
  };
  const neurons = [{ hotkey: ALICE, stakeRao: 5, validatorPermit: true }, { hotkey: address(1) }];
  await set("/neurons", { netuid: NETUID, neurons });
  await set("/tempo", { netuid: NETUID, tempo: 9 });
  await set("/split", { netuid: NETUID, split: [0, 65_535] });
  await set("/owner", { netuid: NETUID, hotkey: address(1) });
  await set("/reveal-period", { netuid: NETUID, epochs: 2 });
  const weights = { netuid: NETUID, mechanism: 1, hotkey: ALICE, weights: [{ uid: 1, weight: 7 }] };
  await set("/weights", weights);
  const epoch = async (): Promise<unknown> => (await control.state()).subnets[0]!.epoch;
  const settings = { revealPeriodEpochs: 2, ownerHotkey: address(1) };
  assert.deepEqual(await epoch(), { ...settings, lastBlock: 0, incentive: [[], []], emissionRao: [] });
  await set("/advance", { blocks: 40 });
  assert.deepEqual(await epoch(), {
    ...settings,
    lastBlock: 7_500_039,
    incentive: [[0, 0], [0, 65_535]],
    emissionRao: ["4100000000", "4100000000"],
  });
  const [status, answer] = await control.post("/weights", { ...weights, hotkey: address(1) });
  assert.equal(status, 400);
  assert.match(String(answer.error), /has no validator permit/);
});

Deno.test("the control API sets faults and closes connections", async () => {
  await using simulator = await startSimulator();
  const control = new Control(simulator);
  await using client = await RawClient.connect(simulator.url);
  await control.post("/fault", { method: "system_chain", fault: { kind: "error", code: 7, message: "no" } });
  await assert.rejects(client.call("system_chain"), { code: 7, message: "no" });
  await control.post("/fault", { method: "system_chain", fault: null });
  assert.equal(await client.call("system_chain"), "Subtensor simulator");
  assert.deepEqual((await control.state()).requestCounts, { system_chain: 2 });
  await control.post("/reset-counts");
  assert.deepEqual((await control.state()).requestCounts, {});
  await control.post("/disconnect");
  await client.closed();
});

Deno.test("the control API explains what is wrong", async () => {
  await using simulator = await startSimulator({ startBlock: START });
  const control = new Control(simulator);
  const cases: readonly [path: string, body: unknown, status: number, error: RegExp][] = [
    ["/nowhere", {}, 404, /no such route; there are: GET \/state, POST \/advance/],
    ["/advance", { blocks: 0 }, 400, /blocks/],
    ["/advance", { block: 1 }, 400, /Unrecognized key: "block"/],
    ["/advance", "{", 400, /JSON/],
    ["/rewind", { blocks: 9 }, 400, /Cannot go back 9 blocks/],
    ["/register", { netuid: NETUID, hotkey: "alice" }, 400, /must be an SS58 address/],
    ["/tempo", { netuid: 70_000, tempo: 1 }, 400, /netuid/],
    [
      "/commitments",
      { netuid: NETUID, commitments: [{ hotkey: ALICE }] },
      400,
      /must have one of text, hex, fields, storage/,
    ],
    [
      "/commitments",
      { netuid: NETUID, commitments: [{ hotkey: ALICE, hex: "0x1" }] },
      400,
      /whole bytes as hex/,
    ],
    [
      "/commitments",
      { netuid: NETUID, commitments: [{ hotkey: ALICE, fields: [{ kind: "Sha256", data: "0x01" }] }] },
      400,
      /it is 1 bytes; give 32/,
    ],
  ];
  for (const [path, body, status, error] of cases) {
    const [found, answer] = await control.post(path, body);
    assert.equal(found, status, path);
    assert.match(String(answer.error), error);
  }
  assert.equal(simulator.chain.head.number, START);
});

const SCENARIO = {
  startBlock: START,
  startTimestampMs: 1_760_000_000_000,
  subnets: [{
    netuid: NETUID,
    tempo: 360,
    mechanismEmissionSplit: [32_768, 32_767],
    revealPeriodEpochs: 3,
    ownerHotkey: ALICE,
    neurons: [{ hotkey: ALICE, stakeRao: "1000000000", validatorPermit: true }],
    weights: [{ mechanism: 1, hotkey: ALICE, weights: [{ uid: 0, weight: 1 }] }],
    commitments: [{ hotkey: ALICE, text: "2;b;BTC,1=0.45:2" }],
  }],
};

Deno.test("applyScenario() makes the state of a scenario, which is what /state shows", async () => {
  await using simulator = await startSimulator({ startBlock: START });
  applyScenario(simulator.chain, scenarioSchema.parse(SCENARIO));
  const { subnets } = await new Control(simulator).state();
  assert.deepEqual(subnets.map(({ netuid, tempo, neurons }) => [netuid, tempo, neurons.length]), [[
    NETUID,
    360,
    1,
  ]]);
  assert.equal(subnets[0]!.commitments[0]!.hotkey, encodeAddress(ALICE, 42));
  const { revealPeriodEpochs, ownerHotkey } = subnets[0]!.epoch as Record<string, unknown>;
  assert.deepEqual([revealPeriodEpochs, ownerHotkey], [3, ALICE]);
  assert.throws(() => scenarioSchema.parse({ subnets: [{ netuid: NETUID, neuron: [] }] }), /neuron/);
});

async function runCli(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const script = new URL("../../scripts/simulator.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--frozen", script, ...args],
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("scripts/simulator.ts explains itself and refuses wrong usage", async () => {
  const [help, wrong, unknown, noScenario] = await Promise.all([
    runCli("--help"),
    runCli("--metadata", "nowhere.scale"),
    runCli("--prot", "1"),
    runCli("--scenario", "nowhere.json"),
  ]);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /POST \/advance +\{blocks: 1\}/);
  assert.deepEqual([wrong.code, unknown.code, noScenario.code], [2, 2, 2]);
  assert.match(noScenario.stderr, /--scenario nowhere.json: .*No such file/);
  assert.match(wrong.stderr, /--metadata and --runtime-version go together/);
  assert.match(unknown.stderr, /--prot/);
});

Deno.test("scripts/simulator.ts serves a scenario until it is stopped", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/scenario.json`;
    await Deno.writeTextFile(path, JSON.stringify(SCENARIO));
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...[
          "run",
          "-A",
          "--quiet",
          "--frozen",
          new URL("../../scripts/simulator.ts", import.meta.url).pathname,
        ],
        ...["--port", "0", "--control-port", "0", "--scenario", path, "--lifetime", "60"],
      ],
      stdout: "piped",
    }).spawn();
    let line = "";
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    while (!line.includes("\n")) line += (await reader.read()).value ?? "\n";
    const ready = /^READY (ws:\/\/127\.0\.0\.1:\d+) (http:\/\/127\.0\.0\.1:\d+) block=7500000\n$/.exec(line);
    assert.ok(ready, line);
    const response = await fetch(`${ready[2]}/state`);
    assert.equal((await response.json() as State).subnets[0]?.netuid, NETUID);
    child.kill("SIGTERM");
    assert.equal((await child.status).code, 0);
    await reader.cancel();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the control API keeps extrinsics out of blocks, and replaces one that waits", async () => {
  await using simulator = await startSimulator({ startBlock: START });
  const { chain } = simulator;
  chain.registerNeuron(NETUID, { hotkey: ALICE, uid: 0 });
  const control = new Control(simulator);
  const sign = (text: string): string =>
    signExtrinsic(account("Alice"), commitmentCall(text), { genesisHash: chain.genesisHash, nonce: 0 });
  const [status, { error }] = await control.post("/usurp", { extrinsic: sign("2;b;second") });
  assert.equal(status, 400);
  assert.match(String(error), /none of this signer waits with nonce 0/);
  assert.equal((await control.post("/hold-extrinsics", { hold: true }))[0], 200);
  const statuses: unknown[] = [];
  chain.submitExtrinsic(Uint8Array.fromHex(sign("2;b;first")), (status) => statuses.push(status));
  chain.advance(3);
  assert.deepEqual([statuses, chain.pool.pendingCount], [["ready"], 1]);
  assert.equal((await control.post("/usurp", { extrinsic: sign("2;b;second") }))[0], 200);
  assert.deepEqual(Object.keys(statuses[1] as object), ["usurped"]);
  await control.post("/hold-extrinsics", { hold: false });
  chain.advance();
  assert.equal(chain.head.extrinsics.length, 1);
  assert.equal(statuses.length, 2);
  assert.match(new TextDecoder().decode(chain.head.extrinsics[0]), /2;b;second$/);
});
