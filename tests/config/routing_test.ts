import assert from "node:assert/strict";
import { resolve } from "node:path";
import type { Environment } from "../../src/config/environment.ts";
import { ConfigError } from "../../src/config/errors.ts";
import { resolveRouting, type RoutingConfig, type RoutingSources } from "../../src/config/routing.ts";

function route(
  section: RoutingSources["section"],
  environment: Environment,
  existing: string[] = [],
): RoutingConfig {
  return resolveRouting({
    section,
    environment,
    source: "config.toml",
    exists: (path) => existing.includes(path),
  });
}

Deno.test("resolveRouting() is off when nothing names a proxy file and the default does not exist", () => {
  const off = route(undefined, {});
  assert.equal(off.kind, "off");
  assert.match(
    off.kind === "off" ? off.reason : "",
    /\/root\/src\/brainsproxy\/active_profile.toml does not exist/,
  );
  assert.equal(route({ mode: "ihp" }, {}).kind, "off");
});

Deno.test("resolveRouting() follows the environment of the Python original", () => {
  const environment = { APS_MINER_POOLS_CONFIG_PATH: "/p/pools.toml" };
  assert.deepEqual(route(undefined, environment, ["/p/pools.toml"]), {
    kind: "on",
    target: {
      mode: "ihp",
      poolsPath: "/p/pools.toml",
      subnetPoolName: "central-proxy",
      sentinelPath: "/root/src/proxy/.reload-ihp",
    },
  });
  // A path that does not exist does not make it ihp, and braiins has no file here.
  assert.equal(route(undefined, environment).kind, "off");
  // An explicit mode does, and then the missing file is routing's to report.
  assert.equal(route(undefined, { ...environment, APS_MINER_PROXY_MODE: " IHP " }).kind, "on");
  // Anything else counts as unset.
  assert.equal(
    route(undefined, { ...environment, APS_MINER_PROXY_MODE: "both" }, ["/p/pools.toml"]).kind,
    "on",
  );
});

Deno.test("resolveRouting() finds the original's default files", () => {
  const profile = "/root/src/brainsproxy/active_profile.toml";
  assert.deepEqual(route(undefined, {}, [profile]), {
    kind: "on",
    target: { mode: "braiins", profilePath: profile, sentinelPath: "/root/src/brainsproxy/.reconfigure" },
  });
});

Deno.test("resolveRouting() takes paths of [routing], with the sentinel beside them", () => {
  assert.deepEqual(
    route({ pools_path: "~/ihp/pools.toml", subnet_pool_name: "subnet" }, { HOME: "/home/op" }),
    {
      kind: "on",
      target: {
        mode: "ihp",
        poolsPath: "/home/op/ihp/pools.toml",
        subnetPoolName: "subnet",
        sentinelPath: "/home/op/ihp/.reload-ihp",
      },
    },
  );
  assert.deepEqual(route({ profile_path: "p.toml", sentinel_path: "/s/now" }, {}), {
    kind: "on",
    target: { mode: "braiins", profilePath: resolve("p.toml"), sentinelPath: "/s/now" },
  });
});

Deno.test("resolveRouting() lets the environment beat [routing]", () => {
  const section = { mode: "ihp", pools_path: "/file/pools.toml", subnet_pool_name: "file" } as const;
  assert.deepEqual(
    route(section, {
      APS_MINER_POOLS_CONFIG_PATH: "/env/pools.toml",
      APS_MINER_SUBNET_POOL_NAME: "env",
      APS_MINER_IHP_RELOAD_SENTINEL: "/env/.reload",
    }),
    {
      kind: "on",
      target: {
        mode: "ihp",
        poolsPath: "/env/pools.toml",
        subnetPoolName: "env",
        sentinelPath: "/env/.reload",
      },
    },
  );
  const braiins = route({ ...section, profile_path: "/file/p.toml" }, { APS_MINER_PROXY_MODE: "braiins" });
  assert.equal(braiins.kind === "on" && braiins.target.mode, "braiins");
});

Deno.test("resolveRouting() asks which proxy is meant when [routing] names both", () => {
  assert.throws(() => route({ pools_path: "a", profile_path: "b" }, {}), ConfigError);
});
