/**
 * Where `config.toml` is looked for.
 *
 * @module
 */

import type { Environment } from "./environment.ts";
import { ConfigError } from "./errors.ts";

const FALLBACKS = ["./config.toml", "/etc/ih-miner/config.toml"];

/**
 * The configuration file: the one given, else `$IH_MINER_CONFIG`, else `./config.toml`, else
 * `/etc/ih-miner/config.toml`.
 *
 * @throws {ConfigError} when there is none.
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
  const found = FALLBACKS.find(exists);
  if (found !== undefined) return found;
  throw new ConfigError("configuration", [{
    key: "",
    message: `no file given, and neither ${FALLBACKS.join(" nor ")} exists; ` +
      "write one from config.toml.example, or name it: ih-miner CONFIG",
  }]);
}

function requireFile(path: string, key: string, exists: (path: string) => boolean): string {
  if (exists(path)) return path;
  throw new ConfigError(path, [{
    key,
    message: "there is no such file; write one from config.toml.example",
  }]);
}
