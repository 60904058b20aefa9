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
import { buildCommitment, signExtrinsic, type SigningContext, unknownExtensions } from "./extrinsic.ts";
import { hexOf } from "./codec/hex.ts";
import type { Runtime } from "./runtime.ts";
import { SS58_PREFIX } from "./codec/ss58.ts";
import type { SignCommitmentOptions, SignedExtrinsic } from "./types.ts";

/** Builds and signs the extrinsics of a runtime. */
export interface SigningApi {
  /** As `unknownExtensions` of `extrinsic.ts`. */
  unknownExtensions(): string[];
  /** As `buildCommitment` and `signExtrinsic` of `extrinsic.ts`. */
  signCommitment(
    options: SignCommitmentOptions,
    context: () => Promise<SigningContext>,
  ): Promise<SignedExtrinsic>;
}

/** Opens the signing of a runtime. */
export async function openSigningApi(runtime: Runtime): Promise<SigningApi> {
  const api = await openApi(runtime);
  return {
    unknownExtensions: () => unknownExtensions(api),
    signCommitment: async ({ netuid, data, signer }, context) => {
      const extrinsic = buildCommitment(runtime, api, netuid, data);
      return signExtrinsic(api, extrinsic, signer, await context());
    },
  };
}

/** Has no network: use only its registry and transaction builders. */
async function openApi({ answer, genesisHash, version, metadata }: Runtime): Promise<ApiPromise> {
  return await ApiPromise.create({
    provider: offlineProvider({
      chain_getBlockHash: genesisHash,
      state_getRuntimeVersion: answer,
      system_chain: version.specName,
      system_properties: { ss58Format: SS58_PREFIX },
      rpc_methods: { methods: [] },
    }),
    metadata: { [`${genesisHash}-${version.specVersion}`]: hexOf(metadata) },
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
