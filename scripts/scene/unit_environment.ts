/**
 * What the systemd units set, for programs that run as a service does.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

const UNIT = fileURLToPath(new URL("../ih-miner-shared.conf", import.meta.url));

/** The `Environment=` lines of the units of this checkout. */
export function unitEnvironment(): Record<string, string> {
  return environmentOf(Deno.readTextFileSync(UNIT));
}

/** The `Environment=` lines of a systemd unit. */
export function environmentOf(unit: string): Record<string, string> {
  return Object.fromEntries(
    [...unit.matchAll(/^Environment=([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]),
  );
}
