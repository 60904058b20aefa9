/**
 * Finds `config.toml`.
 *
 * @module
 */

import type { Environment } from "./environment.ts";
import { ConfigError } from "./errors.ts";

const FALLBACKS = ["./config.toml", "/etc/ih-miner/config.toml"];

/**
 * The configuration file: `given`, else `$IH_MINER_CONFIG`, else `./config.toml`, else
 * `/etc/ih-miner/config.toml`.
 *
 * @throws {ConfigError} when the file does not exist.
 */
export function locateConfig(
  given: string | undefined,
  environment: Environment,
  exists: (path: string) => boolean,
): string {
  if (given !== undefined) return requireFile(given, "", exists);
  if (environment.IH_MINER_CONFIG !== undefined) {
    return requireFile(environment.IH_MINER_CONFIG, "$IH_MINER_CONFIG", exists);
  }
  const found = FALLBACKS.find((path) => exists(path));
  if (found !== undefined) return found;
  const message =
    `no file given, and neither ${FALLBACKS.join(" nor ")} exists; set one up with ih-miner init ` +
    "(docs/configuration.md documents every key), or name it: ih-miner CONFIG";
  throw new ConfigError("configuration", [{ key: "", message }]);
}

function requireFile(path: string, key: string, exists: (path: string) => boolean): string {
  if (exists(path)) return path;
  const message =
    "there is no such file; set one up with ih-miner init, or write it as in docs/configuration.md";
  throw new ConfigError(path, [{ key, message }]);
}
