/**
 * What the tests of the chain client share: hotkeys, a signer, and the runtimes to test against.
 *
 * @module
 */

import { blake2AsU8a, encodeAddress } from "@polkadot/util-crypto";
import { connectChain } from "../../src/chain/connection.ts";
import { openSigningApi } from "../../src/chain/signing_api.ts";
import type {
  ChainConnection,
  ConnectChainOptions,
  SignCommitmentOptions,
  SubmitOptions,
  SubmittedCommitment,
} from "../../src/chain/types.ts";
import { imageFromMetadata, Runtime, type SimulatorOptions } from "../../src/simulator/mod.ts";
import { type HotkeySigner, openHotkeySigner } from "../../src/chain/wallet/signer.ts";
import { type MockMethod, type MockNode, RpcFault, startMockNode } from "./mock_node.ts";

export const NETUID = 89;
export const ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
export const BOB = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

const ALICE_SEED = "0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a";

/** The signer of //Alice. */
export function aliceSigner(): Promise<HotkeySigner> {
  return openHotkeySigner(
    "alice",
    () => new TextEncoder().encode(JSON.stringify({ ss58Address: ALICE, secretSeed: ALICE_SEED })),
  );
}

/** Different hotkeys, the same at every run. */
export function hotkeys(count: number): string[] {
  return Array.from({ length: count }, (_, index) => encodeAddress(blake2AsU8a(`hotkey ${index}`), 42));
}

/** Connects to one endpoint with short deadlines. */
export function connect(
  endpoint: string | readonly string[],
  options: Partial<ConnectChainOptions> = {},
): Promise<ChainConnection> {
  return connectChain({
    endpoints: typeof endpoint === "string" ? [endpoint] : endpoint,
    connectTimeoutMs: 2000,
    requestTimeoutMs: 5000,
    nowMs: Date.now,
    openSigningApi,
    ...options,
  });
}

/** Signs and submits a commitment. */
export async function submitCommitment(
  chain: ChainConnection,
  { netuid, data, signer, ...options }: SignCommitmentOptions & SubmitOptions,
): Promise<SubmittedCommitment> {
  const extrinsic = await chain.signCommitment({ netuid, data, signer });
  return await chain.outcomeOf(extrinsic, await chain.submit(extrinsic, options));
}

/** A node that serves the simulator's runtime but for one name in its metadata, and an empty state. */
export function chainWithout(name: string, methods: Record<string, MockMethod> = {}): MockNode {
  const { v15, version } = Runtime.builtin().image;
  const hash = `0x${"00".repeat(32)}`;
  const hexName = new TextEncoder().encode(name).toHex();
  if (!v15.toHex().includes(hexName)) throw new Error(`The metadata has no ${name} to begin with`);
  const metadata = v15.toHex().replaceAll(hexName, "5a".repeat(name.length));
  return startMockNode({
    chain_getBlockHash: () => hash,
    chain_getHeader: () => ({ number: "0x1" }),
    state_getRuntimeVersion: () => version,
    state_getMetadata: () => `0x${metadata}`,
    state_getStorage: () => null,
    state_getKeysPaged: () => [],
    state_queryStorageAt: (
      [keys],
    ) => [{ block: hash, changes: (keys as string[]).map((key) => [key, null]) }],
    state_call: () => {
      throw new RpcFault(4003, "Client error: Execution failed: function is not exported");
    },
    ...methods,
  });
}

/** The runtimes that a simulated chain is served with, by a name for the test. */
export const RUNTIMES: readonly (readonly [name: string, options: SimulatorOptions])[] = [
  ["metadata V15", {}],
  ["metadata V14", { metadataVersions: [14] }],
  ...realRuntime(),
];

/** Mainnet's runtime 318, where the folder with it lies beside the checkout. */
function realRuntime(): [string, SimulatorOptions][] {
  const folder = new URL("../../../shared/subtensor/", import.meta.url);
  try {
    const metadata = Deno.readFileSync(new URL("metadata-v15-318.scale", folder));
    const version = JSON.parse(Deno.readTextFileSync(new URL("runtime-version-318.json", folder)));
    return [["the real metadata of spec 318", {
      runtime: new Runtime(imageFromMetadata(metadata, version)),
    }]];
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    // deno-lint-ignore no-console -- a skipped test must not go unnoticed
    console.log("Skipped: tests against the real metadata of spec 318, which is not beside this checkout");
    return [];
  }
}
