/**
 * The JSON-RPC methods of the simulated node (chain.md, "Methods that clients use").
 *
 * @module
 */

import { hexToU8a, u8aToHex } from "@polkadot/util";
import { blake2AsHex, decodeAddress } from "@polkadot/util-crypto";
import type { Block } from "./block.ts";
import type { ChainEvent, SimulatedChain } from "./chain.ts";
import { timestampInherent } from "./extrinsic.ts";
import { clientError, invalidParams, RpcError } from "./rpc_error.ts";
import { type ParamNames, Params, wholeNumber } from "./rpc_params.ts";
import { callRuntimeApi, DISPATCH_INFO, type MetadataVersions } from "./runtime_api.ts";

/** A client's open subscriptions. */
export interface SubscriptionHost {
  /**
   * Opens a subscription. `start` gets the function that sends a notification, and returns what ends it.
   *
   * @returns the subscription's id.
   */
  open(method: string, start: (notify: (result: unknown) => void) => () => void): string;
  /** Ends a subscription. @returns whether there was one. */
  close(id: string): boolean;
}

/** What a method uses. */
export interface RpcContext {
  readonly chain: SimulatedChain;
  readonly metadataVersions: MetadataVersions;
  /** Names of methods and of runtime API methods that this node does not have. */
  readonly disabled: ReadonlySet<string>;
  readonly chainName: string;
  readonly subscriptions: SubscriptionHost;
  /** Called when an extrinsic has been taken into the pool. */
  onSubmitted(): void;
}

/** A method: its parameters' names, and what it does. */
export interface RpcMethod {
  readonly params: readonly ParamNames[];
  /** Only for connections that can notify. */
  readonly needsSubscriptions?: boolean;
  run(context: RpcContext, params: Params): unknown;
}

const HASH: ParamNames = ["hash", "at", "blockHash", "block_hash"];
const KEY: ParamNames = ["key", "storageKey", "storage_key"];
const KEYS: ParamNames = ["keys"];
const PREFIX: ParamNames = ["prefix", "key"];
const BYTES: ParamNames = ["bytes", "extrinsic", "data"];
const SUBSCRIPTION: ParamNames = ["subscription", "id", "bytes"];
/** `:code`. */
const CODE_KEY = "3a636f6465";
const ACCOUNT: ParamNames = ["account", "accountId", "account_id", "address"];

const METHODS: Readonly<Record<string, RpcMethod>> = {
  // author
  author_submitExtrinsic: {
    params: [BYTES],
    run: (context, params) => {
      const hash = context.chain.submitExtrinsic(hexToU8a(`0x${params.hex(0)}`));
      context.onSubmitted();
      return hash;
    },
  },
  author_submitAndWatchExtrinsic: {
    params: [BYTES],
    needsSubscriptions: true,
    run: (context, params) => {
      const bytes = hexToU8a(`0x${params.hex(0)}`);
      const id = context.subscriptions.open("author_extrinsicUpdate", (notify) => {
        let open = true;
        context.chain.submitExtrinsic(bytes, (status) => open && notify(status));
        return () => open = false;
      });
      context.onSubmitted();
      return id;
    },
  },
  author_unwatchExtrinsic: unsubscribe(),
  author_pendingExtrinsics: { params: [], run: ({ chain }) => chain.pool.pending },

  // chain
  chain_getBlock: {
    params: [HASH],
    run: ({ chain }, params) => {
      const block = blockOrHead(chain, params.optionalHash(0));
      if (block === null) return null;
      const extrinsics = block.number === 0 ? [] : [
        timestampInherent(chain.runtime, block.timestampMs),
        ...block.extrinsics.map((bytes) => u8aToHex(bytes)),
      ];
      return { block: { header: block.header, extrinsics }, justifications: null };
    },
  },
  chain_getBlockHash: {
    // turbobt says `hash` and means the number.
    params: [["blockNumber", "block_number", "number", ...HASH]],
    run: ({ chain }, params) => {
      const wanted = params.optional(0);
      if (wanted === undefined) return chain.head.hash;
      const hashOf = (number: unknown): string | null => chain.blockHash(wholeNumber(number, "block number"));
      return Array.isArray(wanted) ? wanted.map(hashOf) : hashOf(wanted);
    },
  },
  chain_getFinalizedHead: { params: [], run: ({ chain }) => chain.finalizedHead.hash },
  chain_getHeader: {
    params: [HASH],
    run: ({ chain }, params) => blockOrHead(chain, params.optionalHash(0))?.header ?? null,
  },
  chain_subscribeAllHeads: subscribeHeads("chain_allHead", "best"),
  chain_subscribeFinalizedHeads: subscribeHeads("chain_finalizedHead", "finalized"),
  chain_subscribeNewHeads: subscribeHeads("chain_newHead", "best"),
  chain_unsubscribeAllHeads: unsubscribe(),
  chain_unsubscribeFinalizedHeads: unsubscribe(),
  chain_unsubscribeNewHeads: unsubscribe(),

  // payment
  payment_queryInfo: {
    params: [BYTES, HASH],
    run: ({ chain }, params) => {
      params.hex(0);
      stateBlock(chain, params.optionalHash(1));
      const { weight: { refTime, proofSize } } = DISPATCH_INFO;
      return { weight: { ref_time: refTime, proof_size: proofSize }, class: "normal", partialFee: "0" };
    },
  },

  // state
  state_call: {
    params: [["name", "method"], BYTES, HASH],
    run: (context, params) => {
      const { chain, metadataVersions } = context;
      const name = params.text(0);
      const block = stateBlock(chain, params.optionalHash(2));
      if (context.disabled.has(name)) {
        throw clientError(`Execution failed: Other: Exported method ${name} is not found`);
      }
      const data = hexToU8a(`0x${params.optionalHex(1) ?? ""}`);
      return u8aToHex(callRuntimeApi({ chain, block, metadataVersions }, name, data));
    },
  },
  state_getKeys: {
    params: [PREFIX, HASH],
    run: ({ chain }, params) => {
      const block = stateBlock(chain, params.optionalHash(1));
      return Array.from(chain.keysAt(block, params.hex(0)), withPrefix);
    },
  },
  state_getKeysPaged: {
    params: [PREFIX, ["count"], ["startKey", "start_key"], HASH],
    run: ({ chain }, params) => {
      const count = params.count(1);
      if (count > MAX_PAGE) {
        throw new RpcError(4002, `count exceeds maximum value. value: ${count}, max: ${MAX_PAGE}`);
      }
      const block = stateBlock(chain, params.optionalHash(3));
      const keys = chain.keysAt(block, params.optionalHex(0) ?? "", params.optionalHex(2) ?? "");
      return Array.from(keys.take(count), withPrefix);
    },
  },
  state_getMetadata: {
    params: [HASH],
    run: ({ chain }, params) => {
      stateBlock(chain, params.optionalHash(0));
      return u8aToHex(chain.runtime.image.v14);
    },
  },
  state_getRuntimeVersion: {
    params: [HASH],
    run: ({ chain }, params) => {
      stateBlock(chain, params.optionalHash(0));
      return chain.runtime.version;
    },
  },
  state_getStorage: {
    params: [KEY, HASH],
    run: ({ chain }, params) => storageValue(chain, stateBlock(chain, params.optionalHash(1)), params.hex(0)),
  },
  state_getStorageHash: {
    params: [KEY, HASH],
    run: ({ chain }, params) => {
      const block = stateBlock(chain, params.optionalHash(1));
      const key = params.hex(0);
      if (key === CODE_KEY) return chain.runtime.codeHash;
      const value = storageValue(chain, block, key);
      return value === null ? null : blake2AsHex(hexToU8a(value as `0x${string}`), 256);
    },
  },
  state_getStorageSize: {
    params: [KEY, HASH],
    run: ({ chain }, params) => {
      const value = storageValue(chain, stateBlock(chain, params.optionalHash(1)), params.hex(0));
      return value === null ? null : value.length / 2 - 1;
    },
  },
  state_queryStorageAt: {
    params: [KEYS, HASH],
    run: ({ chain }, params) => {
      const block = stateBlock(chain, params.optionalHash(1));
      return [storageChanges(chain, block, params.hexList(0))];
    },
  },
  state_subscribeRuntimeVersion: {
    params: [],
    needsSubscriptions: true,
    run: ({ chain, subscriptions }) =>
      subscriptions.open("state_runtimeVersion", (notify) => {
        notify(chain.runtime.version);
        return () => {};
      }),
  },
  state_subscribeStorage: {
    params: [KEYS],
    needsSubscriptions: true,
    run: ({ chain, subscriptions }, params) => {
      const keys = params.hexList(0);
      return subscriptions.open("state_storage", (notify) => watchStorage(chain, keys, notify));
    },
  },
  state_unsubscribeRuntimeVersion: unsubscribe(),
  state_unsubscribeStorage: unsubscribe(),

  // system
  system_accountNextIndex: {
    params: [ACCOUNT],
    run: ({ chain }, params) => {
      return chain.pool.nextNonce(accountBytes(params.text(0)));
    },
  },
  system_chain: { params: [], run: ({ chainName }) => chainName },
  system_chainType: { params: [], run: () => "Development" },
  system_health: { params: [], run: () => ({ peers: 0, isSyncing: false, shouldHavePeers: false }) },
  system_localPeerId: { params: [], run: () => "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp" },
  system_name: { params: [], run: () => "Subtensor-like simulator" },
  system_nodeRoles: { params: [], run: () => ["Full"] },
  system_properties: {
    params: [],
    run: () => ({ ss58Format: 42, tokenDecimals: 9, tokenSymbol: "TAO" }),
  },
  system_syncState: {
    params: [],
    run: ({ chain: { head } }) => ({
      startingBlock: 0,
      currentBlock: head.number,
      highestBlock: head.number,
    }),
  },
  system_version: { params: [], run: ({ chain }) => `${chain.runtime.version.specVersion}.0.0-simulator` },

  rpc_methods: {
    params: [],
    run: ({ disabled }) => ({
      methods: [...RPC_METHODS.keys()].filter((name) => !disabled.has(name)).sort(),
    }),
  },
};

/** Other names of the same methods, as real nodes have them. @polkadot/api says `chain_subscribeNewHead`. */
const ALIASES: Readonly<Record<string, string>> = {
  account_nextIndex: "system_accountNextIndex",
  chain_getFinalisedHead: "chain_getFinalizedHead",
  chain_getHead: "chain_getBlockHash",
  chain_subscribeFinalisedHeads: "chain_subscribeFinalizedHeads",
  chain_subscribeNewHead: "chain_subscribeNewHeads",
  chain_subscribeRuntimeVersion: "state_subscribeRuntimeVersion",
  chain_unsubscribeFinalisedHeads: "chain_unsubscribeFinalizedHeads",
  chain_unsubscribeNewHead: "chain_unsubscribeNewHeads",
  chain_unsubscribeRuntimeVersion: "state_unsubscribeRuntimeVersion",
  state_callAt: "state_call",
  state_getKeysPagedAt: "state_getKeysPaged",
  state_getStorageAt: "state_getStorage",
};

/** All methods by name. */
export const RPC_METHODS: ReadonlyMap<string, RpcMethod> = new Map([
  ...Object.entries(METHODS),
  ...Object.entries(ALIASES).map(([alias, name]): [string, RpcMethod] => [alias, METHODS[name]!]),
]);

/** The most keys that one page may have, as in Substrate. */
const MAX_PAGE = 1_000;

function withPrefix(key: string): string {
  return `0x${key}`;
}

function blockOrHead(chain: SimulatedChain, hash: string | undefined): Block | null {
  return hash === undefined ? chain.head : chain.blockByHash(hash);
}

/** The block whose state is asked for. @throws {RpcError} 4003 when there is none or its state is gone. */
function stateBlock(chain: SimulatedChain, hash: string | undefined): Block {
  const block = blockOrHead(chain, hash);
  if (block === null) throw clientError(`UnknownBlock: Header was not found in the database: ${hash}`);
  chain.stateAt(block);
  return block;
}

function storageValue(chain: SimulatedChain, block: Block, key: string): string | null {
  const value = chain.storageAt(block, key);
  return value === undefined ? null : withPrefix(value);
}

function storageChanges(
  chain: SimulatedChain,
  block: Block,
  keys: readonly string[],
): { block: string; changes: [string, string | null][] } {
  return {
    block: block.hash,
    changes: keys.map((key) => [withPrefix(key), storageValue(chain, block, key)]),
  };
}

function watchStorage(
  chain: SimulatedChain,
  keys: readonly string[],
  notify: (result: unknown) => void,
): () => void {
  const known = new Map<string, string | null>();
  const report = (): void => {
    const { block, changes } = storageChanges(chain, chain.head, keys);
    const fresh = changes.filter(([key, value]) => !known.has(key) || known.get(key) !== value);
    for (const [key, value] of fresh) known.set(key, value);
    if (fresh.length > 0) notify({ block, changes: fresh });
  };
  report();
  return chain.subscribe(({ kind }) => {
    if (kind === "best" || kind === "edited") report();
  });
}

function subscribeHeads(method: string, kind: "best" | "finalized"): RpcMethod {
  return {
    params: [],
    needsSubscriptions: true,
    run: ({ chain, subscriptions }) =>
      subscriptions.open(method, (notify) => {
        notify((kind === "best" ? chain.head : chain.finalizedHead).header);
        return chain.subscribe((event: ChainEvent) => {
          if (event.kind === kind) notify(event.block.header);
        });
      }),
  };
}

function unsubscribe(): RpcMethod {
  return {
    params: [SUBSCRIPTION],
    run: ({ subscriptions }, params) => subscriptions.close(String(params.optional(0))),
  };
}

function accountBytes(text: string): Uint8Array {
  try {
    return decodeAddress(text);
  } catch {
    throw invalidParams("the account must be an SS58 address");
  }
}
