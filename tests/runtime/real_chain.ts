/**
 * A chain that runs the real subtensor runtime, of spec version 218, on 127.0.0.1. The runtime comes from `../shared/subtensor`
 * and runs under chopsticks, which `$CHOPSTICKS_DIR` names: the folder in which it was installed.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ApiPromise, WsProvider } from "@polkadot/api";
import type { ApiOptions } from "@polkadot/api/types";
import type { KeyringPair } from "@polkadot/keyring/types";
import { freePort } from "../../scripts/scene/free_port.ts";
import { NETUID } from "../../scripts/scene/market.ts";

const STARTER = fileURLToPath(new URL("../../../shared/subtensor/start.mjs", import.meta.url));
const CHOPSTICKS_FOLDER = Deno.env.get("CHOPSTICKS_DIR") ?? "";
/** The chain ends by itself after this time, also when this process is killed. */
const LIFETIME_SECONDS = 600;
const REQUEST_TIMEOUT_MS = 120_000;

/** Why there is no such chain here; `null` where there is one. */
export const missing: string | null = !exists(STARTER)
  ? "../shared/subtensor is not there"
  : !exists(join(CHOPSTICKS_FOLDER, "node_modules/@acala-network/chopsticks"))
  ? "$CHOPSTICKS_DIR names no folder with chopsticks"
  : null;

/** Where the chain will listen. */
export function newChainUrl(): string {
  return `ws://127.0.0.1:${freePort()}`;
}

/** The chain, seen by a client that shares no code with the agent's. */
export class RealChain implements AsyncDisposable {
  private constructor(
    private readonly process: Deno.ChildProcess,
    private readonly reading: Promise<void>,
    private readonly provider: WsProvider,
    readonly api: ApiPromise,
  ) {}

  /** Starts the chain with these hotkeys registered, whose UIDs are 0, 1, 2 and so on. */
  static async start(url: string, hotkeys: readonly string[]): Promise<RealChain> {
    const process = new Deno.Command("node", {
      args: [
        STARTER,
        ...["--port", new URL(url).port, "--netuid", `${NETUID}`, "--lifetime", `${LIFETIME_SECONDS}`],
        ...hotkeys.flatMap((hotkey, uid) => ["--hotkey", `${hotkey}=${uid}`]),
      ],
      env: { CHOPSTICKS_DIR: CHOPSTICKS_FOLDER },
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const ready = Promise.withResolvers<void>();
    const reading = (async (): Promise<void> => {
      let printed = "";
      for await (const text of process.stdout.pipeThrough(new TextDecoderStream())) {
        printed += text;
        if (printed.includes("READY")) ready.resolve();
      }
      ready.reject(new Error(`The chain did not start: ${printed}`));
    })();
    await ready.promise;
    const provider = new WsProvider(url, 1000, {}, REQUEST_TIMEOUT_MS);
    // Its types do not allow for `exactOptionalPropertyTypes`.
    const options = { provider, noInitWarn: true } as unknown as ApiOptions;
    return new RealChain(process, reading, provider, await ApiPromise.create(options));
  }

  /** Builds blocks. The chain builds none by itself. */
  async build(count = 1): Promise<void> {
    await this.provider.send("dev_newBlock", [{ count }]);
  }

  /** Builds a block every now and then, until the work is done. */
  async buildDuring<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.finally(() => isDone = true);
    // What the work rejects with is thrown at the end.
    done.catch(() => {});
    while (!isDone) {
      await this.build();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return await done;
  }

  async headNumber(): Promise<number> {
    return (await this.api.rpc.chain.getHeader()).number.toNumber();
  }

  /** The bytes of a hotkey's commitment and its block; `null` where there is none. */
  async commitmentOf(hotkey: string): Promise<{ bytes: Uint8Array; block: number } | null> {
    // deno-lint-ignore no-explicit-any -- the types of this chain are only known at run time
    const value = await this.api.query.commitments!.commitmentOf!(NETUID, hotkey) as any;
    if (value.isNone) return null;
    const { block, info } = value.unwrap();
    return { bytes: info.fields[0].inner.toU8a(true), block: block.toNumber() };
  }

  /** Publishes a commitment by the independent client. */
  async commit(signer: KeyringPair, bytes: Uint8Array): Promise<void> {
    const call = this.api.tx.commitments!.setCommitment!(NETUID, {
      fields: [{ [`Raw${bytes.length}`]: bytes }],
    });
    await call.signAndSend(signer, { nonce: -1 });
    await this.build();
  }

  /** Gives a hotkey, which owns itself, a stake on the subnet. */
  async stake(hotkey: string, stakeRao: number): Promise<void> {
    await this.provider.send("dev_setStorage", [{
      SubtensorModule: {
        Stake: [[[hotkey, hotkey], stakeRao]],
        Alpha: [[[hotkey, hotkey, NETUID], stakeRao]],
        TotalHotkeyAlpha: [[[hotkey, NETUID], stakeRao]],
        TotalHotkeyShares: [[[hotkey, NETUID], stakeRao]],
      },
    }]);
    await this.build();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api.disconnect();
    this.process.kill("SIGTERM");
    await this.process.status;
    await this.reading;
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
