/** What is left of the hotkey's secret in the memory of the running agent after it has published. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  decodeAddress,
  mnemonicToEntropy,
  mnemonicToMiniSecret,
  sr25519PairFromSeed,
} from "@polkadot/util-crypto";
import { formatHotkeyFile } from "../../scripts/scene/hotkey_file.ts";
import { Agent } from "../support/agent.ts";
import { searchMemory } from "../support/process_memory.ts";
import { setScene } from "../support/scene.ts";

/** How long after publishing the secrets must be gone. */
const GONE_AFTER_MS = 4_500;

const whyNot = reasonToSkip();
if (whyNot !== null) globalThis.console.log(`skipped: the search for secrets in memory, ${whyNot}`);

function reasonToSkip(): string | null {
  if (Deno.build.os !== "linux") return "which needs Linux";
  try {
    const scope = Number(Deno.readTextFileSync("/proc/sys/kernel/yama/ptrace_scope"));
    return scope < 2 ? null : `which kernel.yama.ptrace_scope = ${scope} forbids`;
  } catch {
    return null;
  }
}

/** A key in all its forms. */
class Key {
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
  /** @polkadot's form. */
  readonly expanded: Uint8Array;
  /** schnorrkel's form, as in files. */
  readonly canonical: Uint8Array;

  constructor(readonly phrase: string) {
    this.seed = mnemonicToMiniSecret(phrase);
    const { publicKey, secretKey } = sr25519PairFromSeed(this.seed);
    this.publicKey = publicKey;
    this.expanded = secretKey;
    this.canonical = secretKey.slice();
    let rest = 0;
    for (let index = 31; index >= 0; index--) {
      const value = rest * 256 + secretKey[index]!;
      this.canonical[index] = value >> 3;
      rest = value & 7;
    }
  }

  get patterns(): Map<string, Uint8Array> {
    const words = this.phrase.split(" ");
    const texts = {
      "the phrase's first words": words.slice(0, 4).join(" "),
      "the phrase's last words": words.slice(-4).join(" "),
      "the seed in hex": this.seed.toHex(),
      "the scalar in hex": this.canonical.slice(0, 32).toHex(),
      "the nonce's seed in hex": this.canonical.slice(32).toHex(),
    };
    return new Map<string, Uint8Array>([
      [CANARY, this.publicKey],
      ["the phrase's entropy", mnemonicToEntropy(this.phrase)],
      ["the seed", this.seed],
      ["the hash of the seed", createHash("sha512").update(this.seed).digest().subarray(0, 32)],
      ["the scalar", this.canonical.slice(0, 32)],
      ["the scalar times 8", this.expanded.slice(0, 32)],
      ["the nonce's seed", this.expanded.slice(32)],
      ...Object.entries(texts).flatMap(([name, text]): [string, Uint8Array][] => [
        [name, new TextEncoder().encode(text)],
        [`${name}, in UTF-16`, new Uint8Array(Uint16Array.from(text, (char) => char.charCodeAt(0)).buffer)],
      ]),
    ]);
  }
}

/** What the program does keep: the search must find it. */
const CANARY = "the public key";

Deno.test({
  name: "phrase, seed and private key are gone from the agent's memory within 5 s of publishing",
  ignore: whyNot !== null,
  fn: async () => {
    const all = ({ phrase, seed, canonical }: Key): Record<string, string> => ({
      secretPhrase: phrase,
      secretSeed: `0x${seed.toHex()}`,
      privateKey: `0x${canonical.toHex()}`,
    });
    const keyOnly = ({ canonical }: Key): Record<string, string> => ({
      privateKey: `0x${canonical.toHex()}`,
    });
    await Promise.all([
      searchAfterPublishing(all, { isWorkerWaiting: true }),
      searchAfterPublishing(keyOnly, { isWorkerWaiting: false }),
    ]);
  },
});

/**
 * @param secretsOf the secrets in the hotkey's file.
 * @param isWorkerWaiting whether the worker still waits for finality when memory is searched; otherwise it has ended.
 */
async function searchAfterPublishing(
  secretsOf: (key: Key) => Record<string, string>,
  { isWorkerWaiting }: { readonly isWorkerWaiting: boolean },
): Promise<void> {
  await using stage = await setScene();
  const { rig, simulator: { chain } } = stage;
  if (isWorkerWaiting) chain.setFinalityLag(1_000);
  const path = join(rig.folder, "wallets", "demo", "hotkeys", "rig");
  const key = new Key(JSON.parse(await Deno.readTextFile(path)).secretPhrase);
  assert.deepEqual(key.publicKey, decodeAddress(rig.hotkey));
  await Deno.writeTextFile(path, formatHotkeyFile({ ss58Address: rig.hotkey, ...secretsOf(key) }));
  const agent = new Agent(rig.configPath);
  if (!isWorkerWaiting) await agent.seen("Miner commitment updated");
  while (chain.head.extrinsics.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await new Promise((resolve) => setTimeout(resolve, GONE_AFTER_MS));
  // What is searched is the memory of this moment, however long the search takes.
  agent.signal("SIGSTOP");
  const hits = searchMemory(agent.pid, key.patterns);
  agent.signal("SIGCONT");
  const hasEnded = agent.lines.some(({ event }) => event === "Miner commitment updated");
  assert.equal(hasEnded, !isWorkerWaiting);
  await agent.stop();
  const found = new Set(hits.map(({ pattern }) => pattern));
  assert.equal(found.delete(CANARY), true, "the search finds what is in memory");
  assert.deepEqual([...found], []);
}
