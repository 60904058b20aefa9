/**
 * All environment variables that the agent reads (spec, section 9).
 *
 * @module
 */

/** Every variable that the agent reads; the compiled binary has permission for no others. */
export const ENVIRONMENT_NAMES = [
  "HOME",
  "STATE_DIRECTORY",
  "IH_MINER_CONFIG",
  "IH_MINER_CBC",
  "APS_MINER_ALLOW_V1",
  "APS_MINER_PROXY_MODE",
  "APS_MINER_POOLS_CONFIG_PATH",
  "APS_MINER_SUBNET_POOL_NAME",
  "APS_MINER_IHP_RELOAD_SENTINEL",
  "BRAIINSPROXY_ACTIVE_PROFILE",
  "BRAIINSPROXY_RELOAD_SENTINEL",
  "PATH",
  "NO_PROXY",
  "no_proxy",
] as const;

/** One of {@link ENVIRONMENT_NAMES}. */
export type EnvironmentName = (typeof ENVIRONMENT_NAMES)[number];

/** What the questions of `ih-miner init` read of the terminal: whether it is the kernel's, which has few characters. */
export const TERMINAL_VARIABLES = ["TERM"] as const;

const LOOPBACK = ["127.0.0.1", "::1", "localhost"];

/** The variables that are set; blank counts as unset. */
export type Environment = Readonly<Partial<Record<EnvironmentName, string>>>;

/** Reads {@link ENVIRONMENT_NAMES} from the process. */
export function readEnvironment(get: (name: string) => string | undefined = Deno.env.get): Environment {
  const entries = ENVIRONMENT_NAMES.map((name) => [name, get(name)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value.trim() !== ""));
}

/**
 * Makes connections to this machine bypass the proxies of `HTTP_PROXY` and similar variables, which the
 * runtime obeys: requests to the status page, a node or metrics on this host must not pass through another
 * host. Call it before the first connection.
 */
export function keepLoopbackDirect(variables: Pick<Deno.Env, "get" | "set"> = Deno.env): void {
  const given = variables.get("NO_PROXY") ?? variables.get("no_proxy");
  variables.set("NO_PROXY", [...(given === undefined ? [] : [given]), ...LOOPBACK].join(","));
}

/** Expands `~` and `~/…` to the home folder. Relative paths stay relative, as in the Python original. */
export function expandHome(path: string, environment: Environment): string {
  if (path !== "~" && !path.startsWith("~/")) return path;
  return `${environment.HOME ?? "/root"}${path.slice(1)}`;
}

/** Whether a variable is `1`, `true`, `yes` or `on`, in any case and trimmed, as in the original. */
export function isSwitchedOn(text: string | undefined): boolean {
  return ["1", "true", "yes", "on"].includes((text ?? "").trim().toLowerCase());
}
