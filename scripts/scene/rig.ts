/**
 * The miner's side, for the demo and for tests: a folder with a wallet, a configuration and a proxy file, in which the
 * agent runs as a user runs it.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Keyring } from "@polkadot/keyring";
import { cryptoWaitReady, mnemonicGenerate } from "@polkadot/util-crypto";
import { SUBNET_ACCOUNT } from "../../src/auction/protocol/constants.ts";
import { formatHotkeyFile } from "./hotkey_file.ts";
import { NETUID } from "./market.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

const poolsText = (hotkey: string): string =>
  `# Pools of the proxy in front of the ASICs. ih-miner changes one key of one pool, and nothing else.
[pools]
backup = { name = "backup", host = "backup.example.org", port = 3333 }

# The subnet: gets the hashrate that we won.
[[pools.main]]
name = "central-proxy"
host = "subnet.example.org"
port = 9332
worker_id = "${SUBNET_ACCOUNT}.${hotkey}.worker1"
target_hashrate = "0TH/s"   # set by ih-miner

# Our own pool: gets the rest.
[[pools.main]]
name = "house"
host = "pool.example.net"
port = 700
weight = 1
`;

/** The folder and its files. */
export interface Rig {
  readonly folder: string;
  readonly configPath: string;
  readonly poolsPath: string;
  readonly sentinelPath: string;
  /** SS58 address of the new wallet. */
  readonly hotkey: string;
}

/** A finished run of the agent. */
export interface AgentRun {
  readonly exitCode: number;
  /** The result document. */
  // deno-lint-ignore no-explicit-any -- a document is read by name here, as a user's script would
  readonly document: any;
  readonly log: string;
}

/** Options of {@link setUpRig}. */
export interface RigOptions {
  readonly chainUrl: string;
  /** The content of `[workers]`. */
  readonly workers?: string;
}

const WORKERS = `price_multiplier = "1.02"
worker_sizes = { "0.45" = 2, "0.25" = 3 }
`;

/** Creates the folder with its files. The caller removes it. */
export async function setUpRig({ chainUrl, workers = WORKERS }: RigOptions): Promise<Rig> {
  await cryptoWaitReady();
  const folder = await Deno.makeTempDir({ prefix: "ih-miner-rig-" });
  const mnemonic = mnemonicGenerate();
  const { address } = new Keyring({ type: "sr25519", ss58Format: 42 }).addFromUri(mnemonic);
  const hotkeys = join(folder, "wallets", "demo", "hotkeys");
  await Deno.mkdir(hotkeys, { recursive: true, mode: 0o700 });
  const hotkeyFile = formatHotkeyFile({ ss58Address: address, secretPhrase: mnemonic });
  await Deno.writeTextFile(join(hotkeys, "rig"), hotkeyFile, { mode: 0o600 });

  const poolsPath = join(folder, "proxy", "pools.toml");
  await Deno.mkdir(join(folder, "proxy"));
  await Deno.writeTextFile(poolsPath, poolsText(address));
  const configPath = join(folder, "config.toml");
  await Deno.writeTextFile(configPath, configText(folder, chainUrl, poolsPath, workers));
  return {
    folder,
    configPath,
    poolsPath,
    sentinelPath: join(folder, "proxy", ".reload-ihp"),
    hotkey: address,
  };
}

/** Replaces `[routing]` in the configuration by other sections. */
export async function replaceRouting({ configPath }: Rig, sections: string): Promise<void> {
  const text = await Deno.readTextFile(configPath);
  await Deno.writeTextFile(
    configPath,
    text.replace(/\[routing\][^]*\[state\]/, () => `${sections}\n[state]`),
  );
}

/** Runs the agent from source with the rig's configuration. */
export async function runAgent(rig: Rig, args: readonly string[]): Promise<AgentRun> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", MAIN, rig.configPath, "--log-format", "pretty", ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  const printed = text.decode(stdout);
  return { exitCode: code, document: printed === "" ? null : JSON.parse(printed), log: text.decode(stderr) };
}

/** Runs a command of the agent that only looks, such as `check`, from source. Returns what it prints. */
export async function runLook(command: string, rig: Rig): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", MAIN, command, rig.configPath],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}

function configText(folder: string, chainUrl: string, poolsPath: string, workers: string): string {
  return `[bittensor]
network = ${JSON.stringify(chainUrl)}
netuid = ${NETUID}

[wallet]
name = "demo"
hotkey_name = "rig"
directory = ${JSON.stringify(join(folder, "wallets"))}

[workers]
${workers}
[routing]
mode = "ihp"
pools_path = ${JSON.stringify(poolsPath)}

[state]
directory = ${JSON.stringify(join(folder, "state"))}
`;
}
