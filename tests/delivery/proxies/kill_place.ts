/**
 * What the killed and the killing process agree on.
 *
 * @module
 */

import { join } from "node:path";
import type { RoutingDemand, RoutingTarget } from "../../../src/delivery/proxies/route.ts";

/** The values that {@linkcode killDemand} leads to: the file grows and shrinks from one to the next. */
export const KILL_TARGETS = ["0TH/s", "22500TH/s", "900TH/s", "2250TH/s"];

/** What the run of this number wins. */
export function killDemand(run: number): RoutingDemand {
  const workers = [0, 50, 2, 5][run % 4]!;
  return { wonSizes: Array<string>(workers).fill("0.45"), lostSizes: [] };
}

/** Where both work. */
export function killPlace(folder: string): {
  target: Extract<RoutingTarget, { mode: "ihp"; sentinelPath: string }>;
  stateDirectory: string;
} {
  return {
    target: {
      mode: "ihp",
      poolsPath: join(folder, "pools.toml"),
      subnetPoolName: "central-proxy",
      sentinelPath: join(folder, "signals", ".reload-ihp"),
    },
    stateDirectory: join(folder, "state"),
  };
}

/** A large pools file, most of it comments behind the value that changes. */
export function killPools(value: string): string {
  const comment = (index: number): string => `# ${index} ${"a comment of the operator ".repeat(40)}\n`;
  const comments = Array.from({ length: 400 }, (_, index) => comment(index)).join("");
  return `# pools\n[[pools.main]]\nname = "central-proxy"\ntarget_hashrate = "${value}" # ours\n${comments}` +
    '[[pools.main]]\nname = "private"\nweight = 7 # last\n';
}
