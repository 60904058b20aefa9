/**
 * @polkadot/api as the builder of transactions.
 *
 * The `ApiPromise` is only a codec without a network. All requests go through `JsonRpcConnection`, so that each has its
 * deadline and error, and nothing reconnects, subscribes or logs behind the caller's back.
 *
 * @module
 */

import { ApiPromise } from "@polkadot/api";
import type { ApiOptions } from "@polkadot/api/types";
import { LEGACY_TYPES, type Runtime, SS58_PREFIX } from "./runtime.ts";

/** Has no network: use only its registry and transaction builders. */
export async function openSigningApi(
  { answer, genesisHash, version, metadataHex }: Runtime,
): Promise<ApiPromise> {
  return await ApiPromise.create({
    provider: offlineProvider({
      chain_getBlockHash: genesisHash,
      state_getRuntimeVersion: answer,
      system_chain: version.specName,
      system_properties: { ss58Format: SS58_PREFIX },
      rpc_methods: { methods: [] },
    }),
    metadata: { [`${genesisHash}-${version.specVersion}`]: metadataHex },
    types: LEGACY_TYPES,
    throwOnConnect: true,
    noInitWarn: true,
    // BLAKE2 and XXHash of a few keys: the JavaScript versions cost less than compiling the WebAssembly ones.
    initWasm: false,
  });
}

/** A provider that answers the start-up requests of `ApiPromise` from memory and refuses all others. */
function offlineProvider(answers: Readonly<Record<string, unknown>>): NonNullable<ApiOptions["provider"]> {
  const refuse = (method: string): Promise<never> =>
    Promise.reject(new Error(`Cannot send ${method}: this API has no network; use the chain connection`));
  return {
    hasSubscriptions: false,
    isClonable: false,
    isConnected: true,
    clone: () => offlineProvider(answers),
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    on: () => () => {},
    // deno-lint-ignore no-explicit-any -- the interface promises its caller any type
    send: <T = any>(method: string): Promise<T> =>
      Object.hasOwn(answers, method) ? Promise.resolve(answers[method] as T) : refuse(method),
    subscribe: (_type, method) => refuse(method),
    unsubscribe: (_type, method) => refuse(method),
  };
}
