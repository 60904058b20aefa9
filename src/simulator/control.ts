/**
 * The HTTP control API of the simulator: JSON in, JSON out, on 127.0.0.1 only.
 *
 * @module
 */

import { hexToU8a } from "@polkadot/util";
import { z } from "zod";
import type { BlockInfo } from "./block.ts";
import type { SimulatedChain } from "./chain.ts";
import { hexText } from "./commitment.ts";
import type { Fault } from "./fault.ts";
import {
  addressSchema,
  applyScenario,
  blockNumberSchema,
  commit,
  commitmentSchema,
  hexSchema,
  netuidSchema,
  neuronInit,
  neuronSchema,
  revealPeriodSchema,
  scenarioSchema,
  splitSchema,
  weightsSchema,
} from "./scenario.ts";
import { subnetSummaries } from "./summary.ts";
import { asError } from "../lib/errors.ts";

/** What the control API works on. */
export interface Controlled {
  readonly chain: SimulatedChain;
  requestCounts(): Record<string, number>;
  resetRequestCounts(): void;
  setFault(method: string, fault: Fault | null): void;
  disconnectAll(): void;
}

/** One thing that can be asked for: its line in the help, and what it does with a validated body. */
interface Route {
  readonly help: string;
  run(target: Controlled, body: unknown): unknown;
}

const faultSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("delay"), delayMs: z.number().min(0) }),
  z.strictObject({ kind: z.literal("hang") }),
  z.strictObject({
    kind: z.literal("error"),
    code: z.int(),
    message: z.string(),
    data: z.string().optional(),
  }),
  z.strictObject({ kind: z.literal("close") }),
]);

const count = z.int().min(1).default(1);

/** The routes by `METHOD /path`. */
const ROUTES: Readonly<Record<string, Route>> = {
  "GET /state": {
    help: "head, finalized head, genesis hash, runtime, pool, request counts, subnets",
    run: ({ chain, requestCounts }) => ({
      head: blockInfo(chain.head),
      finalizedHead: blockInfo(chain.finalizedHead),
      genesisHash: chain.genesisHash,
      specName: chain.runtime.version.specName,
      specVersion: chain.runtime.version.specVersion,
      pendingExtrinsics: chain.pool.pending,
      requestCounts: requestCounts(),
      subnets: subnetSummaries(chain),
    }),
  },
  "POST /advance": route(
    "{blocks: 1}: builds blocks",
    z.strictObject({ blocks: count }),
    ({ chain }, body) => {
      chain.advance(body.blocks);
    },
  ),
  "POST /head": route(
    "{number}: moves the head forward or back to a block",
    z.strictObject({ number: blockNumberSchema }),
    ({ chain }, body) => {
      chain.setHead(body.number);
    },
  ),
  "POST /rewind": route(
    "{blocks: 1}: takes blocks off the head",
    z.strictObject({ blocks: count }),
    ({ chain }, body) => {
      chain.rewind(body.blocks);
    },
  ),
  "POST /reorganise": route(
    "{depth: 1}: replaces the last blocks by others and builds one more",
    z.strictObject({ depth: count }),
    ({ chain }, body) => {
      chain.reorganise(body.depth);
    },
  ),
  "POST /block-hash": route(
    "{number, hash}: the hash of a block, now or when it is built",
    z.strictObject({ number: blockNumberSchema, hash: hexSchema }),
    ({ chain }, body) => chain.setBlockHash(body.number, body.hash),
  ),
  "POST /finality": route(
    "{lagBlocks}: how far the finalized head is behind",
    z.strictObject({ lagBlocks: z.int().min(0) }),
    ({ chain }, body) => chain.setFinalityLag(body.lagBlocks),
  ),
  "POST /timestamp": route(
    "{timestampMs}: Timestamp.Now of the head",
    z.strictObject({ timestampMs: z.int().min(0) }),
    ({ chain }, body) => chain.setTimestamp(body.timestampMs),
  ),
  "POST /neurons": route(
    "{netuid, neurons: [{hotkey, uid?, coldkey?, stakeRao?, validatorPermit?}]}: replaces all",
    z.strictObject({ netuid: netuidSchema, neurons: z.array(neuronSchema) }),
    ({ chain }, body) => chain.setNeurons(body.netuid, body.neurons.map(neuronInit)),
  ),
  "POST /register": route(
    "{netuid, hotkey, uid?, coldkey?, stakeRao?, validatorPermit?}: adds or changes one neuron",
    neuronSchema.extend({ netuid: netuidSchema }),
    ({ chain }, { netuid, ...neuron }) => chain.registerNeuron(netuid, neuronInit(neuron)),
  ),
  "POST /deregister": route(
    "{netuid, hotkey}: takes a hotkey off the subnet",
    z.strictObject({ netuid: netuidSchema, hotkey: addressSchema }),
    ({ chain }, body) => chain.deregisterNeuron(body.netuid, body.hotkey),
  ),
  "POST /tempo": route(
    "{netuid, tempo}",
    z.strictObject({ netuid: netuidSchema, tempo: z.int().min(1).max(65_534) }),
    ({ chain }, body) => chain.setTempo(body.netuid, body.tempo),
  ),
  "POST /split": route(
    "{netuid, split: [u16, …] | null}: MechanismEmissionSplit",
    z.strictObject({ netuid: netuidSchema, split: splitSchema }),
    ({ chain }, body) => chain.setMechanismEmissionSplit(body.netuid, body.split),
  ),
  "POST /mechanism-count": route(
    "{netuid, count: u8 | null}: MechanismCountCurrent",
    z.strictObject({ netuid: netuidSchema, count: z.int().min(0).max(255).nullable() }),
    ({ chain }, body) => chain.setMechanismCount(body.netuid, body.count),
  ),
  "POST /owner": route(
    "{netuid, hotkey}: SubnetOwnerHotkey, whose weight burns",
    z.strictObject({ netuid: netuidSchema, hotkey: addressSchema }),
    ({ chain }, body) => chain.setSubnetOwner(body.netuid, body.hotkey),
  ),
  "POST /reveal-period": route(
    "{netuid, epochs}: RevealPeriodEpochs",
    z.strictObject({ netuid: netuidSchema, epochs: revealPeriodSchema }),
    ({ chain }, body) => chain.setRevealPeriodEpochs(body.netuid, body.epochs),
  ),
  "POST /weights": route(
    "{netuid, mechanism: 0, hotkey, weights: [{uid, weight: u16}]}: a validator commits them",
    weightsSchema.extend({ netuid: netuidSchema }),
    ({ chain }, body) => chain.commitWeights(body),
  ),
  "POST /commitments": route(
    "{netuid, commitments: [{hotkey, block?, text | hex | fields | storage}]}: stores them",
    z.strictObject({ netuid: netuidSchema, commitments: z.array(commitmentSchema) }),
    ({ chain }, body) => {
      for (const commitment of body.commitments) commit(chain, body.netuid, commitment);
    },
  ),
  "POST /remove-commitment": route(
    "{netuid, hotkey}",
    z.strictObject({ netuid: netuidSchema, hotkey: addressSchema }),
    ({ chain }, body) => chain.removeCommitment(body.netuid, body.hotkey),
  ),
  "POST /storage": route(
    "{key, value: hex | null}: raw storage of the head",
    z.strictObject({ key: hexSchema, value: hexSchema.nullable() }),
    ({ chain }, body) => chain.setStorage(body.key, body.value),
  ),
  "POST /scenario": route(
    "a scenario, as for --scenario",
    scenarioSchema,
    ({ chain }, body) => applyScenario(chain, body),
  ),
  "POST /drop-extrinsics": route(
    "{}: the pool drops what waits for a block",
    z.strictObject({}),
    ({ chain }) => chain.pool.drop(),
  ),
  "POST /hold-extrinsics": route(
    "{hold: true | false}: keeps what waits for a block out of blocks, or lets it go on",
    z.strictObject({ hold: z.boolean() }),
    ({ chain }, body) => chain.pool.hold(body.hold),
  ),
  "POST /usurp": route(
    "{extrinsic: hex}: takes the place of the one of the same signer and nonce that waits",
    z.strictObject({ extrinsic: hexSchema }),
    ({ chain }, body) => chain.pool.usurp(hexToU8a(hexText(body.extrinsic))),
  ),
  "POST /fault": route(
    "{method, fault: {kind: delay, delayMs} | {kind: hang} | {kind: error, code, message} | {kind: close} | null}",
    z.strictObject({ method: z.string(), fault: faultSchema.nullable() }),
    (target, body) => target.setFault(body.method, body.fault as Fault | null),
  ),
  "POST /disconnect": route(
    "{}: closes all client connections",
    z.strictObject({}),
    (target) => target.disconnectAll(),
  ),
  "POST /reset-counts": route(
    "{}: request counts start again at 0",
    z.strictObject({}),
    (target) => target.resetRequestCounts(),
  ),
};

/** The help text of the control API, one line a route. */
export function controlHelp(): string {
  const width = Math.max(...Object.keys(ROUTES).map((name) => name.length));
  return Object.entries(ROUTES).map(([name, { help }]) => `  ${name.padEnd(width)}  ${help}`).join("\n");
}

/**
 * Answers control requests. Success: 200 and the head's `{number, hash, timestampMs}` (`/state`: everything).
 * Wrong input: 400 and `{error}`; unknown path: 404.
 */
export function controlHandler(target: Controlled): (request: Request) => Promise<Response> {
  return async (request) => {
    const found = ROUTES[`${request.method} ${new URL(request.url).pathname}`];
    if (found === undefined) {
      return failure(404, `no such route; there are: ${Object.keys(ROUTES).join(", ")}`);
    }
    try {
      const text = request.method === "POST" ? await request.text() : "";
      const answer = found.run(target, text.trim() === "" ? {} : JSON.parse(text));
      return Response.json(answer ?? blockInfo(target.chain.head));
    } catch (error) {
      if (error instanceof z.ZodError) return failure(400, z.prettifyError(error));
      return failure(400, asError(error).message);
    }
  };
}

function route<Body>(
  help: string,
  schema: z.ZodType<Body>,
  run: (target: Controlled, body: Body) => void,
): Route {
  return { help, run: (target, body) => run(target, schema.parse(body)) };
}

function blockInfo({ number, hash, timestampMs }: BlockInfo): BlockInfo {
  return { number, hash, timestampMs };
}

function failure(status: number, error: string): Response {
  return Response.json({ error }, { status });
}
