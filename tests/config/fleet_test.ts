import assert from "node:assert/strict";
import { Resolution } from "../../src/config/effective.ts";
import { ConfigError } from "../../src/config/errors.ts";
import { resolveFleet } from "../../src/config/fleet.ts";
import { resolveRouting } from "../../src/config/routing.ts";
import { checkConfigFile } from "../../src/config/schema.ts";

const BASE = {
  bittensor: { network: "finney", netuid: 89 },
  wallet: { name: "a", hotkey_name: "b", directory: "/w" },
};

function fleetOf(asic: unknown): { fleet: ReturnType<typeof resolveFleet>; issues: string[] } {
  const resolution = new Resolution("c.toml");
  const fleet = resolveFleet(checkConfigFile({ ...BASE, asic }, "c.toml").asic, resolution);
  return { fleet, issues: resolution.issues.map(({ key, message }) => `${key}: ${message}`) };
}

Deno.test("resolveFleet() reads addresses with and without port, and pools of section and machine", () => {
  const { fleet, issues } = fleetOf({
    fallback_pool: 2,
    share: 0.5,
    timeout: "3s",
    miners: [
      { address: "192.168.1.21", hashrate: "0.2" },
      { address: "rig.lan:4029", hashrate: 0.0905, name: "rig", subnet_pool: 3, fallback_pool: 0 },
      { address: "[fd00::7]", hashrate: "1" },
    ],
  });
  assert.deepEqual(issues, []);
  const ph = 10n ** 18n;
  assert.deepEqual(fleet, {
    share: 0.5,
    timeoutMs: 3_000,
    miners: [
      {
        name: "192.168.1.21:4028",
        host: "192.168.1.21",
        port: 4028,
        hashrateFp18: ph / 5n,
        subnetPool: 1,
        fallbackPool: 2,
      },
      {
        name: "rig",
        host: "rig.lan",
        port: 4029,
        hashrateFp18: 90_500n * 10n ** 12n,
        subnetPool: 3,
        fallbackPool: 0,
      },
      {
        name: "[fd00::7]:4028",
        host: "fd00::7",
        port: 4028,
        hashrateFp18: ph,
        subnetPool: 1,
        fallbackPool: 2,
      },
    ],
  });
  assert.equal(fleetOf(undefined).fleet, null);
});

Deno.test("resolveFleet() reports every mistake with its machine", () => {
  assert.match(fleetOf({}).issues[0]!, /^\[asic\] miners: lists no miner; add a \[\[asic\.miners\]\]/);
  const { fleet, issues } = fleetOf({
    miners: [
      { hashrate: "0.2" },
      { address: "http://x/", hashrate: "0.2" },
      { address: "a", hashrate: "much" },
      { address: "b" },
      { address: "c", hashrate: "0" },
      { address: "d", hashrate: "0.0000001" },
      { address: "e", hashrate: "1", fallback_pool: 1 },
      { address: "f", hashrate: "1", name: "same" },
      { address: "g", hashrate: "1", name: "same" },
      { address: "f:4028", hashrate: "1" },
    ],
  });
  assert.equal(fleet?.miners.length, 3);
  assert.deepEqual(issues.map((issue) => issue.split(";")[0]), [
    "[asic] miners[0].address: is missing",
    '[asic] miners[1].address: must be an address such as "192.168.1.21" or "192.168.1.21:4028"',
    issues[2]!.split(";")[0],
    "[asic] miners[3].hashrate: is missing",
    "[asic] miners[4].hashrate: must be above 0",
    "[asic] miners[5].hashrate: must have at most 6 decimals",
    "[asic] miners[6].fallback_pool: must differ from subnet_pool",
    "[asic] miners[8].name: is also that of miners[7] (same)",
    "[asic] miners[9].address: is also that of miners[7] (f:4028)",
  ]);
  assert.match(issues[2]!, /^\[asic\] miners\[2\]\.hashrate: .*it is "much"/);
  const refused = (asic: unknown, message: RegExp): void =>
    assert.throws(
      () => fleetOf(asic),
      (error) => error instanceof ConfigError && message.test(error.message),
    );
  refused({ timeout: "5m" }, /\[asic\] timeout: must be a duration from 1 s to 30 s/);
  refused(
    { miners: [{ subnet_pool: -1 }] },
    /\[asic\] miners\[0\]\.subnet_pool: must be 0 to 99; it is -1/,
  );
  refused({ miners: [{ port: 1 }] }, /\[asic\] miners\[0\]\.port: is not a known key/);
});

Deno.test("resolveRouting() routes only to ASICs unless a proxy is named, and checks the shares", () => {
  const asic = { miners: [{ address: "a", hashrate: "1" }] };
  const resolve = (file: Parameters<typeof resolveRouting>[0]): ReturnType<typeof resolveRouting> =>
    resolveRouting(file, () => true, new Resolution("c.toml"));
  const alone = resolve({ asic });
  assert.ok(alone.kind === "on");
  assert.deepEqual([alone.targets, alone.fleet?.miners.length, alone.warnings], [[], 1, []]);

  const both = resolve({ routing: { pools_path: "/p" }, asic });
  assert.ok(both.kind === "on");
  assert.equal(both.targets.length, 1);
  assert.match(
    both.warnings[0]!,
    /shares of the "ihp" targets and \[asic\] add up to 2 \(\/p 1, \[asic\] 1\): the miner delivers more/,
  );
  const shared = resolve({
    routing: { targets: [{ pools_path: "/p", share: 0.75 }] },
    asic: { ...asic, share: 0.25 },
  });
  assert.ok(shared.kind === "on");
  assert.deepEqual(shared.warnings, []);
  const resolution = new Resolution("c.toml");
  resolveRouting({ asic: {} }, () => true, resolution);
  assert.throws(() => resolution.throwIssues(), ConfigError);
});

Deno.test("resolveFleet() rejects TH/s, and converts them to PH/s in the message", () => {
  const [issue] = fleetOf({ miners: [{ address: "a", hashrate: "200" }] }).issues;
  assert.equal(
    issue,
    '[asic] miners[0].hashrate: is in PH/s, and no machine delivers more than 5; 200 TH/s is "0.2"',
  );
  assert.deepEqual(fleetOf({ miners: [{ address: "a", hashrate: "5" }] }).issues, []);
});

Deno.test("resolveFleet() rejects what is neither an IP address nor a name, and shows no login", () => {
  const refusal = (address: string): string | undefined =>
    fleetOf({ miners: [{ address, hashrate: "0.2" }] }).issues[0];
  for (
    const address of ["192.168.1.321", "192.168.1", "1234", "a..b", "-a", "[fd00::x]", "192.168.1.21:4028:1"]
  ) {
    assert.match(
      refusal(address) ?? "",
      /^\[asic\] miners\[0\]\.address: must be an address such as/,
      address,
    );
  }
  assert.match(refusal("192.168.1.321")!, /it is "192\.168\.1\.321"$/);
  assert.match(refusal("user:secret@host")!, /it is a string, which is not shown$/);
  for (const address of ["192.168.1.21", "rig-7.lan", "rig_7", "2nd.rack.lan", "[fd00::7]:4029"]) {
    assert.equal(refusal(address), undefined, address);
  }
});

Deno.test("resolveFleet() compares host names case-insensitively", () => {
  const { issues } = fleetOf({
    miners: [{ address: "rig.lan", hashrate: "1" }, { address: "Rig.LAN:4028", hashrate: "1" }],
  });
  assert.match(issues[0]!, /^\[asic\] miners\[1\]\.address: is also that of miners\[0\]/);
});
