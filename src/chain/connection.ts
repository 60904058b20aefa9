/**
 * Finds a usable endpoint and connects to it.
 *
 * @module
 */

import type { AuctionSnapshot } from "../auction/inputs/snapshot.ts";
import { headerNumber } from "./block_header.ts";
import { decodeCommitment, isUndecodable } from "./commitment_record.ts";
import { ChainError, slowError } from "./errors.ts";
import { type Attempt, hedge, type Hedged } from "./hedge.ts";
import { invalidAnswer, type JsonRpcConnection, openJsonRpc } from "./json_rpc.ts";
import { endpointLabel } from "./networks.ts";
import { readPay } from "./pay_reader.ts";
import { fetchCodeHash, fetchRuntimeVersion, loadRuntime, type Runtime } from "./runtime.ts";
import { entryOf, wholeNumber } from "./codec/scale.ts";
import type { openSigningApi, SigningApi } from "./signing_api.ts";
import { composeSnapshot, decodeTimestamp, readHeadState, readWindowState } from "./snapshot_reader.ts";
import { decodeAnswer, readValue } from "./storage.ts";
import { readOutcome, waitForFinalization } from "./submission.ts";
import type {
  BlockRef,
  ChainConnection,
  ConnectChainOptions,
  OwnCommitment,
  PayReading,
  ReadSnapshotOptions,
  RuntimeShelf,
  SignCommitmentOptions,
  SignedExtrinsic,
  SubmitOptions,
  SubmittedCommitment,
} from "./types.ts";

const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_REQUEST_TIMEOUT_MS = 20_000;
// What a job's 120 s leave for the answers before and after the large one.
const DEFAULT_LARGE_REQUEST_TIMEOUT_MS = 110_000;
const DEFAULT_MAX_HEAD_AGE_SECONDS = 60;
const DEFAULT_FINALIZATION_TIMEOUT_MS = 110_000;
/**
 * How long the head that was read while connecting counts as the best one: half a block. Near a window's end, where a block
 * more or less matters, the job looks at the head again and again.
 */
const RECENT_HEAD_MS = 6_000;
// After this many blocks without finality, an era that starts at the finalized head has mostly expired.
const MAX_FINALITY_LAG_BLOCKS = 32;

/** Options of {@linkcode connectChain}. */
export interface ConnectOptions extends ConnectChainOptions {
  /** Builds transactions. It takes as long to load and to start as the rest. @default only reads */
  readonly openSigningApi?: typeof openSigningApi | undefined;
}

/**
 * Connects to the first usable endpoint of a list. When one does not answer for {@linkcode HEDGE_AFTER_MS}, it tries the next
 * one, too, and takes the first good connection.
 *
 * It passes over endpoints that are dead, too slow, on another chain or without the required pallets, and those whose best
 * head is too old. If no better endpoint is left, it uses the one with the freshest head and sets `isHeadStale`: an auction
 * at an old head is still right for that window, the clock of a test chain may be anything, and refusing would only make
 * the miner stop delivering.
 *
 * @throws {ChainError} the error of the only endpoint, or `no-endpoint` with the errors of all.
 * @throws {RangeError} for an empty list.
 */
export async function connectChain(options: ConnectOptions): Promise<ChainConnection> {
  const { endpoints, signal, maxHeadAgeSeconds = DEFAULT_MAX_HEAD_AGE_SECONDS } = options;
  if (endpoints.length === 0) {
    throw new RangeError("Cannot connect: the list of endpoints is empty; give at least one");
  }
  const failures = new Map<string, ChainError>();
  let expectedGenesisHash = options.expectedGenesisHash?.toLowerCase();
  let freshestStale: NodeConnection | null = null;
  /** Whether every endpoint has failed, stalled or has an old head. */
  let isLastResort = false;

  const use = async (connection: NodeConnection): Promise<NodeConnection> => {
    expectedGenesisHash ??= connection.genesisHash;
    if (connection.genesisHash !== expectedGenesisHash) {
      await connection.close();
      throw wrongGenesis(connection.endpoint, connection.genesisHash, expectedGenesisHash);
    }
    if (!connection.isHeadStale) return connection;
    const [kept, dropped]: [NodeConnection, NodeConnection | null] = isFresher(connection, freshestStale)
      ? [connection, freshestStale]
      : [freshestStale as NodeConnection, connection];
    freshestStale = kept;
    await dropped?.close();
    throw staleError(connection, maxHeadAgeSeconds);
  };
  const attempts = endpoints.map(
    (endpoint): Attempt<NodeConnection> => async ({ signal: beaten, stalled }) => {
      let hasStalled = false;
      const onStalled = (): void => {
        hasStalled = true;
        stalled();
      };
      try {
        return await use(
          await NodeConnection.open(endpoint, options, expectedGenesisHash, beaten, onStalled),
        );
      } catch (thrown) {
        if (!(thrown instanceof ChainError) || signal?.aborted) throw thrown;
        if (beaten.aborted && !hasStalled) return null;
        const error = beaten.aborted ? slowError(endpointLabel(endpoint)) : thrown;
        failures.set(endpoint, error);
        options.onAttemptFailed?.(endpointLabel(endpoint), error);
        return isLastResort ? freshestStale : null;
      }
    },
  );
  const useStale = (): Promise<NodeConnection | null> => {
    isLastResort = true;
    return Promise.resolve(freshestStale);
  };
  let found: Hedged<NodeConnection> | null = null;
  try {
    // One that is found twice, by its own attempt and as the last resort, stays open.
    found = await hedge(
      [...attempts, useStale],
      async (late) => {
        if (late !== freshestStale) await late.close();
      },
    );
  } finally {
    if (found?.value !== freshestStale) await (freshestStale as NodeConnection | null)?.close();
  }
  if (found !== null) {
    found.value.closesAfter(found.othersEnded);
    return found.value;
  }
  const inOrder = endpoints.flatMap((endpoint) => failures.get(endpoint) ?? []);
  const [only] = inOrder;
  if (inOrder.length === 1 && only !== undefined) throw only;
  throw new ChainError(
    `Cannot connect to the chain: none of the ${inOrder.length} endpoints can be used: ` +
      inOrder.map((failure) => failure.message).join("; "),
    {
      kind: "no-endpoint",
      endpoint: null,
      retryable: inOrder.some(({ retryable }) => retryable),
    },
  );
}

class NodeConnection implements ChainConnection {
  readonly endpoint: string;
  readonly url: string;
  readonly genesisHash: string;
  readonly specName: string;
  readonly specVersion: number;
  readonly headAgeSeconds: number | null;
  readonly isHeadStale: boolean;

  readonly #rpc: JsonRpcConnection;
  /** That of the head at connection time. */
  readonly #runtime: Runtime;
  readonly #options: ConnectOptions;
  readonly #head: BlockRef;
  readonly #headReadMs: number;
  /** By block: a window's first block may have an older runtime, and a later head a newer one. */
  readonly #runtimes = new Map<string, Promise<Runtime>>();
  #hasCheckedExtensions = false;
  /** What was begun with this connection and must end with it. */
  #others: Promise<void> = Promise.resolve();

  private constructor(
    url: string,
    rpc: JsonRpcConnection,
    runtime: Runtime,
    genesisHash: string,
    head: BlockRef & { readonly readMs: number; readonly ageSeconds: number | null },
    options: ConnectOptions,
  ) {
    const { number, hash, readMs, ageSeconds: headAgeSeconds } = head;
    this.#rpc = rpc;
    this.#runtime = runtime;
    this.#options = options;
    this.#head = { number, hash };
    this.#headReadMs = readMs;
    this.#runtimes.set(hash, Promise.resolve(runtime));
    this.endpoint = rpc.endpoint;
    this.url = url;
    this.genesisHash = genesisHash;
    this.specName = runtime.version.specName;
    this.specVersion = runtime.version.specVersion;
    this.headAgeSeconds = headAgeSeconds;
    this.isHeadStale = headAgeSeconds !== null &&
      headAgeSeconds > (options.maxHeadAgeSeconds ?? DEFAULT_MAX_HEAD_AGE_SECONDS);
  }

  static async open(
    endpoint: string,
    options: ConnectOptions,
    expectedGenesisHash: string | undefined,
    beaten: AbortSignal,
    onStalled: () => void,
  ): Promise<NodeConnection> {
    const rpc = await openJsonRpc({
      endpoint,
      connectTimeoutMs: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
      requestTimeoutMs: options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS,
      largeRequestTimeoutMs: options.largeRequestTimeoutMs ?? DEFAULT_LARGE_REQUEST_TIMEOUT_MS,
      signal: options.signal === undefined ? beaten : AbortSignal.any([options.signal, beaten]),
      onSlowHandshake: onStalled,
    });
    const stopWatching = rpc.watchStalls(onStalled);
    try {
      const genesisHash = await requestBlockHash(rpc, 0);
      if (expectedGenesisHash !== undefined && genesisHash !== expectedGenesisHash) {
        throw wrongGenesis(rpc.endpoint, genesisHash, expectedGenesisHash);
      }
      const head = await requestBestHead(rpc);
      const readMs = performance.now();
      const codeHash = await fetchCodeHash(rpc, head.hash);
      const source = { genesisHash, codeHash, url: endpoint, shelf: options.runtimes };
      const runtime = await loadRuntime(rpc, source, head.hash);
      const timestampMs = await requestTimestampMs(rpc, runtime, head.hash);
      const ageSeconds = timestampMs === null ? null : (options.nowMs() - timestampMs) / 1000;
      return new NodeConnection(
        endpoint,
        rpc,
        runtime,
        genesisHash,
        { ...head, readMs, ageSeconds },
        options,
      );
    } catch (error) {
      await rpc.close();
      throw error;
    } finally {
      stopWatching();
    }
  }

  /** Makes {@linkcode close} wait for the end of attempts that another endpoint has beaten. */
  closesAfter(othersEnded: Promise<void>): void {
    this.#others = othersEnded;
  }

  watchStalls(listener: () => void): () => void {
    return this.#rpc.watchStalls(listener);
  }

  get receivedBytes(): number {
    return this.#rpc.receivedBytes;
  }

  bestHeadNumber(): Promise<number> {
    return requestBestNumber(this.#rpc);
  }

  bestHead(): Promise<BlockRef> {
    return requestBestHead(this.#rpc);
  }

  async recentHead(): Promise<BlockRef> {
    return performance.now() - this.#headReadMs <= RECENT_HEAD_MS ? this.#head : await this.bestHead();
  }

  blockHash(blockNumber: number): Promise<string> {
    return requestBlockHash(this.#rpc, blockNumber);
  }

  async timestampMs(blockHash: string): Promise<number | null> {
    return await requestTimestampMs(this.#rpc, this.#runtime, blockHash);
  }

  async tempo(netuid: number, atHash?: string): Promise<number> {
    const item = this.#runtime.storage("SubtensorModule", "Tempo");
    const value = await readValue(this.#rpc, item.key(netuid), atHash);
    return decodeAnswer(
      this.#rpc,
      "SubtensorModule.Tempo",
      () => wholeNumber(value === null ? item.defaultValue : item.decode(value)),
    );
  }

  async mechanismEmissionSplit(netuid: number, atHash: string): Promise<readonly number[] | null> {
    const runtime = await this.#runtimeAt(atHash);
    return (await readHeadState(this.#rpc, runtime, netuid, atHash)).mechanismEmissionSplit;
  }

  mechanismEmissionSplitKey(netuid: number): string | null {
    return this.#runtime.findStorage("SubtensorModule", "MechanismEmissionSplit")?.key(netuid) ?? null;
  }

  async readSnapshot(
    { netuid, tempo, head, firstBlockNumber }: ReadSnapshotOptions,
  ): Promise<AuctionSnapshot> {
    if (firstBlockNumber < 0 || firstBlockNumber > head.number) {
      throw new RangeError(
        `Cannot read the window: its first block ${firstBlockNumber} is not on the chain, whose head is ` +
          `${head.number}; give a block from 0 to the head`,
      );
    }
    const [{ version, headState }, { firstBlock, windowState }] = await Promise.all([
      this.#readHead(netuid, head),
      this.#readWindow(netuid, head, firstBlockNumber),
    ]);
    return composeSnapshot({
      chain: { endpoint: this.endpoint, genesisHash: this.genesisHash, ...version },
      netuid,
      tempo,
      head,
      headState,
      firstBlock,
      windowState,
    });
  }

  async readCommitment(netuid: number, hotkey: string, atHash?: string): Promise<OwnCommitment | null> {
    const item = this.#runtime.storage("Commitments", "CommitmentOf");
    const value = await readValue(this.#rpc, item.key(netuid, hotkey), atHash);
    return value === null ? null : decodeCommitment(item, value);
  }

  async registeredUid(netuid: number, hotkey: string, atHash?: string): Promise<number | null> {
    const item = this.#runtime.storage("SubtensorModule", "Uids");
    const value = await readValue(this.#rpc, item.key(netuid, hotkey), atHash);
    if (value === null) return null;
    return decodeAnswer(this.#rpc, "SubtensorModule.Uids", () => wholeNumber(item.decode(value)));
  }

  async readPay(netuid: number, hotkey: string, atHash: string): Promise<PayReading> {
    return await readPay(this.#rpc, await this.#runtimeAt(atHash), { netuid, hotkey }, atHash);
  }

  async pendingExtrinsicCount(address: string): Promise<number> {
    const item = this.#runtime.storage("System", "Account");
    // In this order: a block in between makes one too many wait, never one too few.
    const value = await readValue(this.#rpc, item.key(address));
    const used = decodeAnswer(
      this.#rpc,
      "System.Account",
      () => wholeNumber(entryOf(value === null ? item.defaultValue : item.decode(value), "nonce")),
    );
    return Math.max(0, await requestNextNonce(this.#rpc, address) - used);
  }

  async signCommitment(options: SignCommitmentOptions): Promise<SignedExtrinsic> {
    const { openSigningApi } = this.#options;
    if (openSigningApi === undefined) {
      throw new Error(
        "Cannot sign: the connection was opened for reading; pass openSigningApi to connectChain()",
      );
    }
    const api = await openSigningApi(this.#runtime);
    return await api.signCommitment(options, async () => {
      this.#warnOfUnknownExtensions(api);
      const [nonce, birth] = await Promise.all([
        requestNextNonce(this.#rpc, options.signer.address),
        requestEraBirth(this.#rpc),
      ]);
      return { genesisHash: this.genesisHash, nonce, birth };
    });
  }

  submit(extrinsic: SignedExtrinsic, options: SubmitOptions = {}): Promise<string> {
    const { finalizationTimeoutMs: timeoutMs = DEFAULT_FINALIZATION_TIMEOUT_MS, signal, onStatus } = options;
    return waitForFinalization(this.#rpc, extrinsic, { timeoutMs, signal, onStatus });
  }

  async outcomeOf(extrinsic: SignedExtrinsic, blockHash: string): Promise<SubmittedCommitment> {
    return await readOutcome(this.#rpc, await this.#runtimeAt(blockHash), extrinsic, blockHash);
  }

  async close(): Promise<void> {
    await Promise.all([this.#rpc.close(), this.#others]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #readHead(
    netuid: number,
    { hash }: BlockRef,
  ): Promise<{ version: Runtime["version"]; headState: Awaited<ReturnType<typeof readHeadState>> }> {
    const runtime = await this.#runtimeAt(hash);
    const { version } = runtime;
    return { version, headState: await readHeadState(this.#rpc, runtime, netuid, hash) };
  }

  async #readWindow(
    netuid: number,
    head: BlockRef,
    firstBlockNumber: number,
  ): Promise<{ firstBlock: BlockRef; windowState: Awaited<ReturnType<typeof readWindowState>> }> {
    const hash = firstBlockNumber === head.number ? head.hash : await this.blockHash(firstBlockNumber);
    const firstBlock = { number: firstBlockNumber, hash };
    const runtime = await this.#runtimeAt(hash);
    const windowState = await readWindowState(this.#rpc, runtime, netuid, hash);
    if (!runtime.isKept || !windowState.commitments.some(isUndecodable)) return { firstBlock, windowState };
    // The chain itself encodes records, so it is the kept metadata that are wrong: those that the node gives now count.
    const fresh = await this.#load(hash, runtime.codeHash, true);
    this.#runtimes.set(hash, Promise.resolve(fresh));
    return { firstBlock, windowState: await readWindowState(this.#rpc, fresh, netuid, hash) };
  }

  /** The runtime at a block. Every block is asked about once, so that an upgrade in the middle of a run shows. */
  #runtimeAt(blockHash: string): Promise<Runtime> {
    let runtime = this.#runtimes.get(blockHash);
    if (runtime === undefined) {
      runtime = this.#findRuntime(blockHash);
      this.#runtimes.set(blockHash, runtime);
      // A question that failed may be asked again.
      runtime.catch(() => this.#runtimes.delete(blockHash));
    }
    return runtime;
  }

  async #findRuntime(blockHash: string): Promise<Runtime> {
    const codeHash = this.#runtime.codeHash === null ? null : await fetchCodeHash(this.#rpc, blockHash);
    const isSame = codeHash === null
      ? this.#hasVersion(await fetchRuntimeVersion(this.#rpc, blockHash))
      : codeHash === this.#runtime.codeHash;
    return isSame ? this.#runtime : await this.#load(blockHash, codeHash);
  }

  #hasVersion({ specName, specVersion }: Runtime["version"]): boolean {
    return specName === this.specName && specVersion === this.specVersion;
  }

  #load(blockHash: string, codeHash: string | null, isFetched = false): Promise<Runtime> {
    const { genesisHash, url } = this;
    const { runtimes } = this.#options;
    const shelf: RuntimeShelf | undefined = runtimes && {
      find: (...key) => isFetched ? null : runtimes.find(...key),
      keep: (...kept) => runtimes.keep(...kept),
    };
    return loadRuntime(this.#rpc, { genesisHash, codeHash, url, shelf }, blockHash);
  }

  #warnOfUnknownExtensions(api: SigningApi): void {
    if (this.#hasCheckedExtensions) return;
    this.#hasCheckedExtensions = true;
    const extensions = api.unknownExtensions();
    if (extensions.length === 0) return;
    this.#options.onWarning?.({
      kind: "unknown-extensions",
      extensions,
      message: `The chain at ${this.endpoint} has unknown transaction extensions that are not empty ` +
        `(${extensions.join(", ")}); if it refuses the signature, this program needs an update`,
    });
  }
}

async function requestBlockHash(rpc: JsonRpcConnection, blockNumber: number): Promise<string> {
  const method = "chain_getBlockHash";
  const hash = await rpc.request(method, [blockNumber]);
  if (hash === null) {
    throw new ChainError(
      `Cannot find block ${blockNumber}: ${rpc.endpoint} does not know it; try again or use another endpoint`,
      { kind: "missing-state", endpoint: rpc.endpoint, request: method, retryable: true },
    );
  }
  return checkedHash(rpc, method, hash);
}

async function requestHeaderNumber(rpc: JsonRpcConnection, ...at: readonly string[]): Promise<number> {
  const method = "chain_getHeader";
  const number = headerNumber(await rpc.request(method, at));
  if (number === null) throw invalidAnswer(rpc.endpoint, method, "it is not a header with a number");
  return number;
}

function requestBestNumber(rpc: JsonRpcConnection): Promise<number> {
  return requestHeaderNumber(rpc);
}

async function requestBestHead(rpc: JsonRpcConnection): Promise<BlockRef> {
  const number = await requestBestNumber(rpc);
  return { number, hash: await requestBlockHash(rpc, number) };
}

/**
 * The block from which the extrinsic is valid: the finalized head, since a signature over a block that loses a fork is void;
 * without recent finality the best head.
 */
async function requestEraBirth(rpc: JsonRpcConnection): Promise<BlockRef> {
  const method = "chain_getFinalizedHead";
  const [best, finalizedHash] = await Promise.all([requestBestHead(rpc), rpc.request(method)]);
  const hash = checkedHash(rpc, method, finalizedHash);
  const number = await requestHeaderNumber(rpc, hash);
  return best.number - number > MAX_FINALITY_LAG_BLOCKS ? best : { number, hash };
}

async function requestNextNonce(rpc: JsonRpcConnection, address: string): Promise<number> {
  const method = "system_accountNextIndex";
  const nonce = await rpc.request(method, [address]);
  if (typeof nonce !== "number" || !Number.isSafeInteger(nonce) || nonce < 0) {
    throw invalidAnswer(rpc.endpoint, method, "it is not a nonce");
  }
  return nonce;
}

async function requestTimestampMs(
  rpc: JsonRpcConnection,
  runtime: Runtime,
  blockHash: string,
): Promise<number | null> {
  const item = runtime.findStorage("Timestamp", "Now");
  return item === null ? null : decodeTimestamp(rpc, item, await readValue(rpc, item.key(), blockHash));
}

function checkedHash(rpc: JsonRpcConnection, method: string, hash: unknown): string {
  if (typeof hash !== "string" || !/^0x[0-9a-f]{64}$/i.test(hash)) {
    throw invalidAnswer(rpc.endpoint, method, "it is not a block hash");
  }
  return hash.toLowerCase();
}

function isFresher(connection: NodeConnection, other: NodeConnection | null): boolean {
  return other === null || (connection.headAgeSeconds ?? 0) < (other.headAgeSeconds ?? 0);
}

function staleError({ endpoint, headAgeSeconds }: NodeConnection, maxHeadAgeSeconds: number): ChainError {
  return new ChainError(
    `Cannot rely on ${endpoint}: its best head is ${Math.round(headAgeSeconds ?? 0)} s old, more than ` +
      `${maxHeadAgeSeconds} s; check that the node is in sync and that this host's clock is right`,
    { kind: "stale-head", endpoint, retryable: true },
  );
}

function wrongGenesis(endpoint: string, genesisHash: string, expected: string): ChainError {
  return new ChainError(
    `Cannot use ${endpoint}: it serves another chain (genesis ${genesisHash}, expected ${expected}); ` +
      "correct the network or the URL",
    { kind: "wrong-genesis", endpoint, request: "chain_getBlockHash", retryable: false },
  );
}
