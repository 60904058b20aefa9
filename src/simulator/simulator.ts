/**
 * Starts and stops a simulated node: its JSON-RPC server, its control API and its block timer around one
 * {@linkcode SimulatedChain}.
 *
 * @module
 */

import { cryptoWaitReady } from "@polkadot/util-crypto";
import { type ChainOptions, SimulatedChain } from "./chain.ts";
import { controlHandler } from "./control.ts";
import type { Fault } from "./fault.ts";
import { RpcNode } from "./node.ts";
import type { MetadataVersions } from "./runtime_api.ts";

/** Options of {@linkcode startSimulator}. */
export interface SimulatorOptions extends ChainOptions {
  /** @default "127.0.0.1" */
  readonly hostname?: string;
  /** 0: any free one. @default 0 */
  readonly port?: number;
  /** Port of the control API, always on 127.0.0.1; 0: any free one. @default 0 */
  readonly controlPort?: number;
  /** Metadata versions that `Metadata_metadata_versions` names and `_at_version` gives. @default [14, 15] */
  readonly metadataVersions?: MetadataVersions;
  /** The interval between blocks in milliseconds; 0 builds blocks only on request. @default 0 */
  readonly blockTimeMs?: number;
  /**
   * Without a block time: an extrinsic that can be included is, at once, in a block of its own.
   * @default true
   */
  readonly autoInclude?: boolean;
  /** RPC methods and runtime API methods (`Api_method`) that this node does not have. @default [] */
  readonly disabledMethods?: readonly string[];
  /** Faults by RPC method or, for `state_call`, by runtime API method. @default {} */
  readonly faults?: Readonly<Record<string, Fault>>;
  /** What `system_chain` answers. @default "Subtensor simulator" */
  readonly chainName?: string;
}

/** A running simulator. */
export interface Simulator extends AsyncDisposable {
  /** `ws://127.0.0.1:PORT`; the same port takes HTTP POST. */
  readonly url: string;
  /** `http://127.0.0.1:PORT` of the control API. */
  readonly controlUrl: string;
  readonly chain: SimulatedChain;
  /** How often each method was called since the start or the last reset. */
  requestCounts(): Record<string, number>;
  /** Starts counting requests again. */
  resetRequestCounts(): void;
  /** Sets or, with `null`, removes the fault of an RPC method or of a runtime API method. */
  setFault(method: string, fault: Fault | null): void;
  /** Closes all client connections; clients may connect again. */
  disconnectAll(): void;
  /** Stops block production, closes all connections, frees the ports. */
  close(): Promise<void>;
}

/**
 * Starts a simulator.
 *
 * @throws {RangeError | TypeError} when an option is out of range.
 * @throws {Deno.errors.AddrInUse} when a port is taken.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { hostname = "127.0.0.1", port = 0, controlPort = 0, blockTimeMs = 0 } = options;
  const { metadataVersions = [14, 15], autoInclude = true, chainName = "Subtensor simulator" } = options;
  if (!Number.isFinite(blockTimeMs) || blockTimeMs < 0) {
    throw new RangeError(`Cannot start the simulator: blockTimeMs is ${blockTimeMs}; give 0 or more`);
  }
  await cryptoWaitReady();
  const chain = new SimulatedChain(options);
  const includesAtOnce = blockTimeMs === 0 && autoInclude;
  const node = new RpcNode({
    chain,
    metadataVersions,
    chainName,
    disabled: new Set(options.disabledMethods ?? []),
    onSubmitted: () => {
      if (includesAtOnce && chain.pool.takeable().length > 0) chain.advance();
    },
  }, options.faults ?? {});
  const surface = {
    chain,
    requestCounts: () => node.counts,
    resetRequestCounts: () => node.resetCounts(),
    setFault: (method: string, fault: Fault | null) => node.setFault(method, fault),
    disconnectAll: () => node.disconnectAll(),
  };
  const rpcServer = listen(hostname, port, (request) => node.handle(request));
  let controlServer: Deno.HttpServer<Deno.NetAddr>;
  try {
    controlServer = listen("127.0.0.1", controlPort, controlHandler(surface));
  } catch (error) {
    await rpcServer.shutdown();
    throw error;
  }
  const timer = blockTimeMs > 0 ? setInterval(() => chain.advance(), blockTimeMs) : undefined;
  const close = async (): Promise<void> => {
    clearInterval(timer);
    await node.close();
    await Promise.all([rpcServer.shutdown(), controlServer.shutdown()]);
  };
  return {
    ...surface,
    url: `ws://${hostname}:${rpcServer.addr.port}`,
    controlUrl: `http://127.0.0.1:${controlServer.addr.port}`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function listen(
  hostname: string,
  port: number,
  handler: (request: Request) => Promise<Response>,
): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname, port, onListen: () => {} }, handler);
}
