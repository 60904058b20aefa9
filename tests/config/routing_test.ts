import assert from "node:assert/strict";
import { resolve } from "node:path";
import type { Environment } from "../../src/config/environment.ts";
import { ConfigError } from "../../src/config/errors.ts";
import { Resolution } from "../../src/config/effective.ts";
import { resolveRouting, type RoutingConfig } from "../../src/config/routing.ts";
import type { ConfigFile } from "../../src/config/schema.ts";

/** Resolves `[routing]`; throws its mistakes. */
function route(
  routing: ConfigFile["routing"],
  environment: Environment,
  existing: string[] = [],
): RoutingConfig {
  const resolution = new Resolution("config.toml", environment);
  const config = resolveRouting({ routing }, (path) => existing.includes(path), resolution);
  resolution.throwIssues();
  return config;
}

Deno.test("resolveRouting() is off when nothing names a proxy file and the default does not exist", () => {
  const off = route(undefined, {});
  assert.equal(off.kind, "off");
  assert.match(
    off.kind === "off" ? off.reason : "",
    /\/root\/src\/brainsproxy\/active_profile.toml does not exist for this user/,
  );
  assert.equal(route({ mode: "ihp" }, {}).kind, "off");
});

Deno.test("resolveRouting() is off where the user may not enter the default's folder", () => {
  const resolution = new Resolution("config.toml", {});
  const routing = resolveRouting({}, (_path, ifHidden = true) => ifHidden, resolution);
  assert.equal(routing.kind, "off");
});

Deno.test("resolveRouting() follows the environment of the Python original", () => {
  const environment = { APS_MINER_POOLS_CONFIG_PATH: "/p/pools.toml" };
  assert.deepEqual(route(undefined, environment, ["/p/pools.toml"]), {
    kind: "on",
    targets: [{
      mode: "ihp",
      poolsPath: "/p/pools.toml",
      subnetPoolName: "central-proxy",
      sentinelPath: "/root/src/proxy/.reload-ihp",
    }],
    fleet: null,
    warnings: [],
  });
  // A path that does not exist does not imply ihp, and braiins has no file here.
  assert.equal(route(undefined, environment).kind, "off");
  // An explicit mode does, and then routing reports the missing file.
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
    targets: [{ mode: "braiins", profilePath: profile, sentinelPath: "/root/src/brainsproxy/.reconfigure" }],
    fleet: null,
    warnings: [],
  });
});

Deno.test("resolveRouting() uses paths from [routing], with the sentinel beside them", () => {
  assert.deepEqual(
    route({ pools_path: "~/ihp/pools.toml", subnet_pool_name: "subnet" }, { HOME: "/home/op" }),
    {
      kind: "on",
      targets: [{
        mode: "ihp",
        poolsPath: "/home/op/ihp/pools.toml",
        subnetPoolName: "subnet",
        sentinelPath: "/home/op/ihp/.reload-ihp",
      }],
      fleet: null,
      warnings: [],
    },
  );
  assert.deepEqual(route({ profile_path: "p.toml", sentinel_path: "/s/now" }, {}), {
    kind: "on",
    targets: [{ mode: "braiins", profilePath: resolve("p.toml"), sentinelPath: "/s/now" }],
    fleet: null,
    warnings: [],
  });
});

Deno.test("resolveRouting() prefers the environment to [routing]", () => {
  const section = { mode: "ihp", pools_path: "/file/pools.toml", subnet_pool_name: "file" } as const;
  assert.deepEqual(
    route(section, {
      APS_MINER_POOLS_CONFIG_PATH: "/env/pools.toml",
      APS_MINER_SUBNET_POOL_NAME: "env",
      APS_MINER_IHP_RELOAD_SENTINEL: "/env/.reload",
    }),
    {
      kind: "on",
      targets: [{
        mode: "ihp",
        poolsPath: "/env/pools.toml",
        subnetPoolName: "env",
        sentinelPath: "/env/.reload",
      }],
      fleet: null,
      warnings: [],
    },
  );
  const braiins = route({ ...section, profile_path: "/file/p.toml" }, { APS_MINER_PROXY_MODE: "braiins" });
  assert.equal(braiins.kind === "on" && braiins.targets[0]?.mode, "braiins");
});

Deno.test("resolveRouting() requires a mode when [routing] names both files", () => {
  assert.throws(() => route({ pools_path: "a", profile_path: "b" }, {}), ConfigError);
});

/** The mistakes in a section. */
function mistakes(section: ConfigFile["routing"], environment: Environment = {}): string[] {
  try {
    route(section, environment);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.issues.map(({ key, message }) => `${key}: ${message}`);
  }
  return [];
}

Deno.test("resolveRouting() uses the reload method that is named, or whose keys are set", () => {
  const reloadOf = (section: ConfigFile["routing"]): unknown => {
    const config = route({ pools_path: "/p/pools.toml", ...section }, { HOME: "/home/op" });
    assert.ok(config.kind === "on");
    const { mode: _mode, poolsPath: _path, subnetPoolName: _name, ...reload } = config.targets[0] as Record<
      string,
      unknown
    >;
    return reload;
  };
  assert.deepEqual(reloadOf({ reload: "sentinel" }), { sentinelPath: "/p/.reload-ihp" });
  assert.deepEqual(reloadOf({ pid_file: "/run/p.pid" }), { signal: "SIGHUP", pidFile: "/run/p.pid" });
  assert.deepEqual(reloadOf({ reload: "signal", signal: "SIGUSR1", pid_file: "~/p.pid" }), {
    signal: "SIGUSR1",
    pidFile: "/home/op/p.pid",
  });
  assert.deepEqual(reloadOf({ reload_command: ["systemctl", "reload", "ihp"] }), {
    reloadCommand: ["systemctl", "reload", "ihp"],
  });
});

Deno.test("resolveRouting() rejects an incomplete or ambiguous reload method", () => {
  const file = { pools_path: "/p" };
  assert.match(
    mistakes({ ...file, signal: "SIGHUP" })[0]!,
    /^\[routing\] pid_file: is missing; set the file/,
  );
  assert.match(
    mistakes({ ...file, reload: "command" })[0]!,
    /^\[routing\] reload_command: is missing; set a list/,
  );
  assert.match(
    mistakes({ ...file, signal: "SIGHUP", pid_file: "/r", reload_command: ["x"] })[0]!,
    /^\[routing\] signal: is for reload = "signal", but reload is "command"/,
  );
  assert.match(
    mistakes({ ...file, reload: "signal", pid_file: "/r", sentinel_path: "/s" })[0]!,
    /^\[routing\] sentinel_path: is for reload = "sentinel"/,
  );
});

Deno.test("resolveRouting() reads a list of proxies with their modes, files, shares and reload methods", () => {
  assert.deepEqual(
    route({
      targets: [
        { pools_path: "/a/pools.toml", share: 0.25 },
        {
          mode: "ihp",
          pools_path: "/b/pools.toml",
          subnet_pool_name: "sub",
          share: 0.75,
          pid_file: "/b/pid",
        },
        { profile_path: "/c/profile.toml", reload_command: ["reload", "c"] },
      ],
    }, {}),
    {
      kind: "on",
      targets: [
        {
          mode: "ihp",
          poolsPath: "/a/pools.toml",
          subnetPoolName: "central-proxy",
          share: 0.25,
          sentinelPath: "/a/.reload-ihp",
        },
        {
          mode: "ihp",
          poolsPath: "/b/pools.toml",
          subnetPoolName: "sub",
          share: 0.75,
          signal: "SIGHUP",
          pidFile: "/b/pid",
        },
        { mode: "braiins", profilePath: "/c/profile.toml", reloadCommand: ["reload", "c"] },
      ],
      fleet: null,
      warnings: [],
    },
  );
});

Deno.test("resolveRouting() reports mistakes in a list with their targets", () => {
  assert.deepEqual(
    mistakes({
      pools_path: "/x",
      sentinel_path: "/y",
      on_stale: "release",
      targets: [
        { subnet_pool_name: "sub" },
        { mode: "ihp", profile_path: "/p" },
        { profile_path: "/p", share: 0.5 },
        { profile_path: "/r" },
        { pools_path: "/q", signal: "SIGHUP" },
        { profile_path: "/x/../r" },
      ],
    }).map((mistake) => mistake.replace(/;.*/, "")),
    [
      "[routing] pools_path: cannot be set together with targets",
      "[routing] sentinel_path: cannot be set together with targets",
      "[routing] targets[0].mode: is missing",
      "[routing] targets[1].pools_path: is missing",
      '[routing] targets[2].share: is for mode "ihp"',
      "[routing] targets[4].pid_file: is missing",
      "[routing] targets[5].profile_path: is also the file of targets[3]",
    ],
  );
});

Deno.test("resolveRouting() warns when proxies together deliver more or less than the miner won", () => {
  const warnings = (...shares: (number | undefined)[]): readonly string[] => {
    const targets = shares.map((share, i) => ({
      pools_path: `/${i}`,
      ...(share === undefined ? {} : { share }),
    }));
    const config = route({ targets }, {});
    return config.kind === "on" ? config.warnings : [];
  };
  assert.deepEqual(warnings(undefined), []);
  assert.deepEqual(warnings(0.1, 0.2, 0.7), []);
  assert.match(warnings(undefined, undefined)[0]!, /add up to 2/);
  assert.match(warnings(0.5)[0]!, /add up to 0\.5 \(\/0 0\.5\): the miner delivers less/);
});

Deno.test("resolveRouting() warns that a list ignores the environment's proxy", () => {
  const config = route({ targets: [{ pools_path: "/a" }] }, { APS_MINER_POOLS_CONFIG_PATH: "/env" });
  assert.ok(config.kind === "on");
  assert.equal(config.targets.length, 1);
  assert.deepEqual(config.warnings, [
    "APS_MINER_POOLS_CONFIG_PATH is set, but [[routing.targets]] takes precedence",
  ]);
});
