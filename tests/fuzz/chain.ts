/**
 * What nodes send: the SCALE bytes of records, the metadata of other runtimes, and JSON-RPC.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { readRecord } from "../../src/auction/inputs/records.ts";
import { decodeCommitment } from "../../src/chain/commitment_record.ts";
import { ChainError } from "../../src/chain/errors.ts";
import { JsonRpcConnection } from "../../src/chain/json_rpc.ts";
import { headerNumber } from "../../src/chain/block_header.ts";
import { fetchCodeHash, fetchRuntimeVersion, loadRuntime, type Runtime } from "../../src/chain/runtime.ts";
import type { StorageItem } from "../../src/chain/codec/storage_item.ts";
import { readHeadState, readWindowState } from "../../src/chain/snapshot_reader.ts";
import { readKeys, readValues } from "../../src/chain/storage.ts";
import { Runtime as SimulatedRuntime, type RuntimeImage } from "../../src/simulator/mod.ts";
import { RUNTIMES } from "../chain/fixtures.ts";
import { family, unlessRejected } from "./family.ts";
import { DEEP, JSON_PIECES } from "./json_text.ts";
import { mutatedBytes, mutatedText } from "./mutation.ts";

const GENESIS = `0x${"00".repeat(32)}`;
const NETUID = 89;

type Answers = Readonly<Record<string, (params: readonly unknown[]) => unknown>>;

/** A node that answers from memory. */
function nodeOf(answers: Answers): JsonRpcConnection {
  const request = (method: string, params: readonly unknown[] = []): Promise<unknown> => {
    const answer = answers[method];
    const error = new ChainError(`no ${method}`, { kind: "rpc", endpoint: "ws://fuzz", retryable: true });
    return answer === undefined ? Promise.reject(error) : Promise.resolve(answer(params));
  };
  return { endpoint: "ws://fuzz", request } as unknown as JsonRpcConnection;
}

/** A node that serves a runtime by its metadata alone, and no state. */
function servingRuntime(metadata: Uint8Array, version: unknown): Answers {
  return {
    state_getRuntimeVersion: () => version,
    state_getMetadata: () => `0x${metadata.toHex()}`,
    state_getKeysPaged: () => [],
    state_queryStorageAt: (
      [keys],
    ) => [{ block: GENESIS, changes: (keys as string[]).map((key) => [key, null]) }],
    state_call: () => "0x00",
  };
}

const IMAGES: readonly RuntimeImage[] = RUNTIMES.map(([, { runtime }]) =>
  (runtime ?? SimulatedRuntime.builtin()).image
);
const BUILTIN = IMAGES[0]!;

const SOURCE = { genesisHash: GENESIS, codeHash: null, url: "", shelf: undefined };

const loaded: Promise<Runtime[]> = Promise.all(
  [
    [BUILTIN.v14, BUILTIN],
    [BUILTIN.v15, BUILTIN],
    ...IMAGES.slice(2).map((image) => [image.v15, image] as const),
  ].map((
    [metadata, image],
  ) =>
    loadRuntime(
      nodeOf({
        ...servingRuntime(metadata as Uint8Array, (image as RuntimeImage).version),
        state_call: undefined!,
      }),
      SOURCE,
      GENESIS,
    )
  ),
);

/** One field of a record, and its SCALE bytes as the pallet defines them. */
interface Field {
  readonly kind: string;
  readonly bytes: readonly number[];
  /** What it holds; `null` for none. */
  readonly data: readonly number[] | null;
}

/** A compact length below 2^14. */
function compact(length: number): number[] {
  return length < 64 ? [length << 2] : [(length << 2 & 0xff) | 1, length >> 6];
}

const someBytes = (most: number): fc.Arbitrary<number[]> =>
  fc.oneof(
    fc.uint8Array({ maxLength: most }).map((bytes) => [...bytes]),
    fc.constantFrom("2;b;BTC,1=0.45:2", "0x32623b", "1;p;cap=0.05").map((
      text,
    ) => [...new TextEncoder().encode(text)]),
  );

const field: fc.Arbitrary<Field> = fc.oneof(
  {
    weight: 4,
    arbitrary: someBytes(128).map((data) => ({
      kind: `Raw${data.length}`,
      bytes: [data.length + 1, ...data],
      data,
    })),
  },
  {
    weight: 2,
    arbitrary: someBytes(512).map((data) => ({
      kind: "BigRaw",
      bytes: [136, ...compact(data.length), ...data],
      data,
    })),
  },
  fc.tuple(
    fc.constantFrom("BlakeTwo256", "Sha256", "Keccak256", "ShaThree256"),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
  )
    .map(([kind, data]) => ({
      kind,
      bytes: [["BlakeTwo256", "Sha256", "Keccak256", "ShaThree256"].indexOf(kind) + 130, ...data],
      data: [...data],
    })),
  fc.constantFrom({ kind: "None", bytes: [0], data: null }, {
    kind: "ResetBondsFlag",
    bytes: [135],
    data: null,
  }),
  someBytes(60).map((data) => ({
    kind: "TimelockEncrypted",
    bytes: [134, ...compact(data.length), ...data, 1, 2, 3, 4, 5, 6, 7, 8],
    data: null,
  })),
);

interface Registration {
  readonly block: number;
  readonly fields: readonly Field[];
}

const registration: fc.Arbitrary<Registration> = fc.record({
  block: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fields: fc.oneof({ weight: 5, arbitrary: field.map((one) => [one]) }, fc.array(field, { maxLength: 3 })),
});

function bytesOf({ block, fields }: Registration): Uint8Array {
  const number = [block & 0xff, (block >>> 8) & 0xff, (block >>> 16) & 0xff, block >>> 24];
  return Uint8Array.from([
    7,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    ...number,
    ...compact(fields.length),
    ...fields.flatMap(({ bytes }) => bytes),
  ]);
}

async function items(): Promise<StorageItem[]> {
  return (await loaded).map((runtime) => runtime.storage("Commitments", "CommitmentOf"));
}

/** Records of other hotkeys. */
export const records = family({
  name: "records",
  holds: "a record's block and first field are read as the pallet writes them, under every runtime",
  sample: 100,
  cases: registration,
  check: async (value) => {
    for (const item of await items()) {
      const read = decodeCommitment(item, bytesOf(value));
      const [first] = value.fields;
      assert.deepEqual(read, {
        block: value.block,
        fieldKind: first?.kind ?? "Empty",
        data: first === undefined || first.data === null ? null : `0x${Uint8Array.from(first.data).toHex()}`,
      });
      readRecord(read);
    }
  },
});

/** Bytes that are none, or not quite. */
export const brokenRecords = family({
  name: "records-broken",
  holds: "no bytes of a record make the decoder throw, or give a block or data that are not in them",
  sample: 100,
  cases: fc.oneof(
    mutatedBytes(registration.map(bytesOf), [Uint8Array.of(255, 255, 255, 255), Uint8Array.of(3)]),
    fc.uint8Array(),
  ),
  check: async (bytes) => {
    for (const item of await items()) {
      const { block, data } = decodeCommitment(item, bytes);
      if (block !== null) {
        assert.equal(block, new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true));
      }
      if (data !== null) assert.ok(bytes.toHex().includes(data.slice(2)), "the data is not in the bytes");
      readRecord({ fieldKind: "BigRaw", data });
    }
  },
});

/** Names that the client looks for, which another runtime may lack or mean something else by. */
const NAMES = [
  "Commitments",
  "CommitmentOf",
  "SubtensorModule",
  "Tempo",
  "NeuronInfoRuntimeApi",
  "block",
  "fields",
  "stake",
];

const metadata = fc.record({
  image: fc.constantFrom(...IMAGES),
  isV14: fc.boolean(),
  renamed: fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, fc.constantFrom(...NAMES)),
  edits: fc.array(
    fc.record({
      at: fc.nat(9_999_999),
      how: fc.constantFrom("set", "remove", "repeat", "cut"),
      byte: fc.oneof(fc.constantFrom(0, 1, 3, 4, 127, 128, 252, 255), fc.nat(255)),
    }),
    { maxLength: 4 },
  ),
}).map(({ image, isV14, renamed, edits }) => {
  const original = isV14 ? image.v14 : image.v15;
  const hex = original.toHex();
  const from = renamed === null ? "" : new TextEncoder().encode(renamed).toHex();
  let bytes: Uint8Array = from === ""
    ? original.slice()
    : Uint8Array.fromHex(hex.replaceAll(from, "5a".repeat(from.length / 2)));
  for (const { at, how, byte } of edits) {
    // Behind the magic number and the version.
    const start = 5 + at % (bytes.length - 5);
    if (how === "set") bytes[start] = byte;
    else if (how === "remove") {
      bytes = Uint8Array.from([...bytes.subarray(0, start), ...bytes.subarray(start + 1)]);
    } else if (how === "repeat") {
      bytes = Uint8Array.from([...bytes.subarray(0, start + 1), ...bytes.subarray(start)]);
    } else bytes = bytes.slice(0, Math.max(6, start));
  }
  return { bytes, version: image.version };
});

/** The metadata of other runtimes. */
export const metadatas = family({
  name: "metadata",
  holds: "any metadata gives a runtime that reads a window, or is refused with ChainError",
  sample: 100,
  cases: metadata,
  limitMs: 10_000,
  check: ({ bytes, version }) =>
    quietly(async () => {
      const rpc = nodeOf({ ...servingRuntime(bytes, version), state_call: undefined! });
      const runtime = await unlessRejected([ChainError], loadRuntime(rpc, SOURCE, GENESIS));
      if (runtime === null) return;
      const answers = nodeOf(servingRuntime(bytes, version));
      const head = await unlessRejected([ChainError], readHeadState(answers, runtime, NETUID, GENESIS));
      if (head !== null) assert.equal(head.timestampMs, null);
      const window = await unlessRejected([ChainError], readWindowState(answers, runtime, NETUID, GENESIS));
      if (window !== null) assert.deepEqual([window.commitments, window.neurons], [[], []]);
    }),
});

/** Runs this without what @polkadot/api prints about metadata; the agent logs it. */
async function quietly(run: () => Promise<void>): Promise<void> {
  const { console } = globalThis;
  const kept = { ...console };
  const nothing = (): void => {};
  Object.assign(console, { log: nothing, warn: nothing, error: nothing });
  try {
    await run();
  } finally {
    Object.assign(console, kept);
  }
}

/** A WebSocket without a network. */
class FakeSocket extends EventTarget {
  readyState: number = WebSocket.OPEN;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: string[] = [];

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    if (this.readyState === WebSocket.CLOSED) return;
    this.readyState = WebSocket.CLOSED;
    this.dispatchEvent(new Event("close"));
    this.onclose?.({ code: 1000 });
  }
}

const deepList = "[".repeat(DEEP) + "]".repeat(DEEP);
const result = fc.constantFrom(
  ...[
    '"0x"',
    '"0x00"',
    "null",
    "5",
    '"x"',
    "[]",
    "{}",
    '{"number":"0x5"}',
    '{"number":{"toString":1}}',
    deepList,
  ],
  ...[
    '["0x11","0x12"]',
    '[{"changes":[["0x11","0x00"]]}]',
    '[{"changes":[["0x11",{"toString":1}]]}]',
    '[{"changes":null}]',
  ],
  ...['{"specName":"x","specVersion":5}', '{"specName":5}', `{"number":${deepList}}`, '{"__proto__":1}'],
);
const id = fc.constantFrom("1", "1", "1", "2", '"1"', "null", "1e999", "-1", '{"toString":1}', deepList);
const rpcError = fc.constantFrom(
  ...['{"code":-32601,"message":"no"}', '{"code":"x","message":{"toString":1},"data":[]}', "{}", "null", "5"],
  ...['{"message":"UnknownBlock","data":"\\u001b[2J"}', `{"code":1,"data":${deepList}}`],
);
const frame: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(id, result).map(([one, two]) => `{"jsonrpc":"2.0","id":${one},"result":${two}}`),
  fc.tuple(id, rpcError).map(([one, two]) => `{"jsonrpc":"2.0","id":${one},"error":${two}}`),
  fc.tuple(id, result).map(([one, two]) => `{"method":"x","params":{"subscription":${one},"result":${two}}}`),
);
const frames = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: frame.map((text): unknown => text) },
    { weight: 2, arbitrary: mutatedText(frame, JSON_PIECES).map((text): unknown => text) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<unknown>(new Uint8Array(3).buffer, new Blob(["{}"]), "", "[]", "null"),
    },
  ),
  { minLength: 1, maxLength: 5 },
);

const QUESTIONS: Readonly<Record<string, (rpc: JsonRpcConnection) => Promise<unknown>>> = {
  header: async (rpc) => headerNumber(await rpc.request("chain_getHeader")),
  keys: (rpc) => readKeys(rpc, "0x11", GENESIS, 4096),
  values: (rpc) => readValues(rpc, ["0x11"], GENESIS),
  version: (rpc) => fetchRuntimeVersion(rpc, GENESIS),
  "hash of the code": (rpc) => fetchCodeHash(rpc, GENESIS),
  subscription: (rpc) =>
    rpc.subscribe("s", "u", [], { onMessage: (message) => void headerNumber(message), onEnd: () => {} }),
};

/** Frames of a node. */
export const nodeFrames = family({
  name: "node-frames",
  holds:
    "whatever a node sends, nothing is thrown where it arrives, and each question ends with an answer or ChainError",
  sample: 200,
  cases: fc.record({
    frames,
    question: fc.constantFrom(...Object.keys(QUESTIONS)),
    isWatching: fc.boolean(),
  }),
  check: async ({ frames, question, isWatching }) => {
    const socket = new FakeSocket();
    const rpc = new JsonRpcConnection(socket as unknown as WebSocket, {
      endpoint: "ws://fuzz",
      connectTimeoutMs: 1000,
      requestTimeoutMs: 1000,
    });
    const watching = isWatching ? QUESTIONS["subscription"]!(rpc) : Promise.resolve();
    const asking = QUESTIONS[question]!(rpc);
    const answered = Promise.all([
      unlessRejected([ChainError], watching),
      unlessRejected([ChainError], asking),
    ]);
    for (const data of frames) {
      socket.onmessage?.({ data });
      await Promise.resolve();
    }
    await rpc.close();
    await answered;
  },
});
