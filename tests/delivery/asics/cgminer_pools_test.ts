import assert from "node:assert/strict";
import fc from "fast-check";
import { currentPool, poolsOf } from "../../../src/delivery/asics/cgminer_pools.ts";

function current(...entries: Record<string, unknown>[]): number | null {
  return currentPool(poolsOf({ POOLS: entries }))?.number ?? null;
}

function pool(number: number, priority: number, active: unknown, status = "Alive"): Record<string, unknown> {
  return { POOL: number, Priority: priority, Status: status, "Stratum Active": active };
}

Deno.test("currentPool() takes the pool whose stratum is active over the preferred one", () => {
  assert.equal(current(pool(0, 0, false), pool(1, 1, true)), 1);
});

Deno.test("currentPool() takes the preferred one of several active pools", () => {
  assert.equal(current(pool(0, 1, true), pool(1, 0, true)), 1);
  assert.equal(current(pool(0, 1, "true"), pool(1, 0, "True")), 1);
});

Deno.test("currentPool() ignores pools that are not alive", () => {
  assert.equal(current(pool(0, 0, true, "Dead"), pool(1, 1, true)), 1);
  assert.equal(current(pool(0, 0, true, "Disabled"), pool(1, 1, false, "Rejecting")), null);
  assert.equal(current(), null);
});

Deno.test("currentPool() takes the preferred pool where none is said to be active", () => {
  assert.equal(current(pool(0, 1, false), pool(1, 0, false)), 1);
  assert.equal(current({ Priority: "1" }, { Priority: "0" }), 1);
  assert.equal(current({}, {}), 0);
});

Deno.test("poolsOf() tolerates foreign data", () => {
  fc.assert(fc.property(fc.dictionary(fc.constantFrom("POOLS", "x"), fc.jsonValue()), (answer) => {
    for (const { number } of poolsOf(answer)) assert.ok(Number.isFinite(number));
    currentPool(poolsOf(answer));
  }));
});

Deno.test("poolsOf() reads the login at each pool as it is, where the machine reports it", () => {
  const users = ["sn89auction.5F.Rig1", " a ", "", undefined, 5].map((User, POOL) => ({ POOL, User }));
  assert.deepEqual(
    poolsOf({ POOLS: users }).map(({ user }) => user),
    ["sn89auction.5F.Rig1", "a", null, null, null],
  );
});

Deno.test("poolsOf() takes fields that are neither text nor figures for ones that it does not know", () => {
  const deep = JSON.parse("[".repeat(20_000) + "]".repeat(20_000));
  for (const odd of [{ toString: 1, valueOf: 2 }, deep, {}, ["Alive"]]) {
    const [pool] = poolsOf({
      POOLS: [{ POOL: odd, Status: odd, "Stratum Active": odd, Priority: odd, User: odd }],
    });
    assert.deepEqual(pool, { number: 0, state: "other", priority: null, user: null, isStratumActive: false });
  }
});
