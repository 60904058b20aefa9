/**
 * The files that `ih-miner init` writes, as text. Pure.
 *
 * @module
 */

import { SUBNET_ACCOUNT } from "../../auction/protocol/constants.ts";
import { DEFAULT_GOAL_NAME, SUBNET_GOAL_NAME } from "../../delivery/proxies/braiins.ts";
import { DEFAULT_SUBNET_POOL_NAME } from "../../delivery/proxies/ihp.ts";
import { tomlValue } from "../../lib/toml_edit.ts";
import { AnswerError, type Answers, parsePairs, parsePool } from "./answers.ts";

/** The sum of the weights of both goals. */
const WHOLE_WEIGHT = 2 ** 32;

/** The answers that every configuration needs. */
export type BasicAnswers =
  & Required<
    Pick<Answers, "network" | "netuid" | "walletDir" | "walletName" | "hotkeyName" | "price" | "sizes">
  >
  & Answers;

/**
 * The configuration. Values that the answers get wrong are written as they are: the schema says what is wrong with them.
 *
 * @throws {import("./answers.ts").AnswerError} for a list that is not in its form.
 */
export function configText(answers: BasicAnswers): string {
  const networks = answers.network.split(",").map((name) => name.trim());
  const network = networks.length === 1 ? tomlValue(networks[0]!) : `[${networks.map(tomlValue).join(", ")}]`;
  const netuid = wholeNumber(answers.netuid);
  if (netuid !== answers.netuid.trim()) throw new AnswerError("netuid", "must be a whole number, such as 89");
  const sizes = parsePairs("sizes", answers.sizes)
    .map(([size, count]) => `${tomlValue(size)} = ${wholeNumber(count)}`);
  return `# Written by ih-miner init. The agent reads it again at each job run, so edits need no restart.
# docs/configuration.md documents every key; ih-miner config shows what is in effect.

[bittensor]
network = ${network}
netuid = ${netuid}

[wallet]
name = ${tomlValue(answers.walletName)}
hotkey_name = ${tomlValue(answers.hotkeyName)}
directory = ${tomlValue(answers.walletDir)}

[workers]
# A multiple of the market's hashprice: above 0, at most 1.05.
price_multiplier = ${tomlValue(answers.price)}
# Size in PH/s = how many.
worker_sizes = { ${sizes.join(", ")} }
${destination(answers)}`;
}

function destination({ proxy, proxyFile, poolName, asics }: Answers): string {
  if (proxy === "ihp" && proxyFile !== undefined) {
    return `
[routing]
mode = "ihp"
pools_path = ${tomlValue(proxyFile)}
subnet_pool_name = ${tomlValue(poolName ?? DEFAULT_SUBNET_POOL_NAME)}
`;
  }
  if (proxy === "braiins" && proxyFile !== undefined) {
    return `
[routing]
mode = "braiins"
profile_path = ${tomlValue(proxyFile)}
`;
  }
  if (proxy !== "asic" || asics === undefined) return "";
  const miners = parsePairs("asics", asics).map(([address, hashrate]) => `
[[asic.miners]]
address = ${tomlValue(address)}
hashrate = ${tomlValue(hashrate)}
`);
  return `
[asic]
# Which pool of each machine is the subnet's, and which your own: its user must be
# ${SUBNET_ACCOUNT}.HOTKEY.NAME, with the address of the hotkey and a name for the machine.
subnet_pool = 1
fallback_pool = 0
${miners.join("")}`;
}

/** A first `pools.toml` or `active_profile.toml`. */
export function proxyText(
  proxy: "ihp" | "braiins",
  { subnetPool, ownPool, poolName = DEFAULT_SUBNET_POOL_NAME }:
    & Required<Pick<Answers, "subnetPool" | "ownPool">>
    & Answers,
  hotkey: string,
): string {
  const subnet = parsePool("subnetPool", subnetPool);
  const own = parsePool("ownPool", ownPool);
  const identity = tomlValue(`${SUBNET_ACCOUNT}.${hotkey}.worker1`);
  if (proxy === "ihp") {
    return `# Pools of InfiniteHash Proxy, written by ih-miner init. The proxy's own settings are yours to add.

# The subnet's pool gets what was won: ih-miner sets its target_hashrate, and nothing else in this file.
[[pools.main]]
name = ${tomlValue(poolName)}
host = ${tomlValue(subnet.host)}
port = ${subnet.port}
# Validators credit hashrate to this hotkey under this id alone.
worker_id = ${identity}
target_hashrate = "0TH/s"

# Your own pool gets the rest.
[[pools.main]]
name = "own"
host = ${tomlValue(own.host)}
port = ${own.port}
${own.user === null ? "" : `worker_id = ${tomlValue(own.user)}\n`}weight = 1
`;
  }
  const url = (pool: { host: string; port: number }): string =>
    tomlValue(`stratum+tcp://${pool.host}:${pool.port}`);
  return `# Profile of Braiins Farm Proxy, written by ih-miner init. The proxy's own settings are yours to add.

# Your machines connect here.
[[server]]
name = "S1"
port = 3333

[[target]]
name = "subnet"
url = ${url(subnet)}
# Validators credit hashrate to this hotkey under this id alone.
user_identity = ${identity}
identity_pass_through = false

[[target]]
name = "own"
url = ${url(own)}
${own.user === null ? "identity_pass_through = true" : `user_identity = ${tomlValue(own.user)}`}

# ih-miner divides the hashrate between the two goals by their hr_weight, and changes nothing else in this file.
[[routing]]
from = ["S1"]

[[routing.goal]]
name = ${tomlValue(SUBNET_GOAL_NAME)}
hr_weight = 0

[[routing.goal.level]]
targets = ["subnet"]

[[routing.goal]]
name = ${tomlValue(DEFAULT_GOAL_NAME)}
hr_weight = ${WHOLE_WEIGHT}

[[routing.goal.level]]
targets = ["own"]
`;
}

/** A number as such; any other text stays a text, for the schema to refuse. */
function wholeNumber(text: string): string {
  return /^(0|[1-9]\d{0,14})$/.test(text.trim()) ? text.trim() : tomlValue(text);
}
