import assert from "node:assert/strict";
import { chainFindings } from "../../../src/operator/check/chain_findings.ts";
import type { ChainLook, EndpointLook } from "../../../src/operator/check/chain_look.ts";
import type { Finding } from "../../../src/operator/check/finding.ts";

const up: EndpointLook = {
  endpoint: "ws://one",
  spec: "node-subtensor/318",
  headNumber: 7,
  headAgeSeconds: 6,
  connectMs: 12.3,
};
const down: EndpointLook = { endpoint: "ws://two", error: "Cannot connect to ws://two" };
const good: ChainLook = {
  wallet: { address: "5F", canSign: true },
  endpoints: [up],
  registration: { uid: 3 },
};

/** What is found of a look that differs from a good one. */
function find(
  look: Partial<ChainLook>,
  hotkeyMode: number | null = 0o600,
  nowMs = Date.UTC(2026, 10, 27),
): Record<string, Finding[]> {
  const findings = chainFindings({ ...good, ...look }, {
    hotkeyPath: "/w/my key",
    hotkeyMode,
    hotkeysThere: () => "/w has these hotkeys",
    netuid: 89,
    user: { uid: 990, gid: 990 },
    nowMs,
  });
  return Object.groupBy(findings, ({ check }) => check) as Record<string, Finding[]>;
}

Deno.test("chainFindings() has nothing to say against a good host", () => {
  const all = Object.values(find({})).flat();
  assert.deepEqual(all.map(({ check, status }) => [check, status]), [
    ["wallet", "ok"],
    ["endpoint", "ok"],
    ["clock", "ok"],
    ["registration", "ok"],
  ]);
});

Deno.test("chainFindings() says how to make a wallet readable", () => {
  const wallet = { address: null, kind: "unreadable", error: "Cannot read" } as const;
  const found = find({ wallet, registration: null }, null);
  assert.equal(found["wallet"]![0]!.status, "fail");
  assert.equal(found["wallet"]![0]!.fix, "setfacl -m u:990:r '/w/my key'");
  assert.equal(found["registration"], undefined);
});

Deno.test("chainFindings() names the hotkeys that are there when the configured one is not", () => {
  const wallet = { address: null, kind: "missing", error: "Cannot read" } as const;
  assert.equal(find({ wallet, registration: null })["wallet"]![0]!.fix, "/w has these hotkeys");
});

Deno.test("chainFindings() fails a wallet that cannot sign, and warns of one that everybody can read", () => {
  assert.equal(find({ wallet: { address: "5F", canSign: false } })["wallet"]![0]!.status, "fail");
  assert.deepEqual(find({}, 0o644)["wallet"]!.map(({ status }) => status), ["ok", "warn"]);
});

Deno.test("chainFindings() fails endpoints only when none answers", () => {
  assert.deepEqual(find({ endpoints: [down, up] })["endpoint"]!.map(({ status }) => status), ["warn", "ok"]);
  const found = find({ endpoints: [down], registration: null });
  assert.deepEqual(found["endpoint"]!.map(({ status }) => status), ["fail"]);
  assert.equal(found["clock"], undefined);
});

for (const [ageSeconds, status] of [[-31, "warn"], [-29, "ok"], [60, "ok"], [61, "warn"]] as const) {
  Deno.test(`chainFindings() says ${status} to the clock when the head is ${ageSeconds} s old`, () => {
    const endpoints = [{ ...up, headAgeSeconds: ageSeconds }, { ...up, headAgeSeconds: 500 }];
    assert.equal(find({ endpoints })["clock"]![0]!.status, status);
  });
}

Deno.test("chainFindings() says how far the host's clock and the chain's differ, and what to do", () => {
  const clock = (headAgeSeconds: number): Finding =>
    find({ endpoints: [{ ...up, headAgeSeconds }] })["clock"]![0]!;
  assert.equal(clock(-36_000).message, "this host's clock is 10 h behind the chain's");
  assert.equal(
    clock(36_006).message,
    "the newest head is 10 h old: this host's clock is ahead, or the node lags",
  );
  assert.equal(clock(36_006).fix, "timedatectl set-ntp true");
});

Deno.test("chainFindings() fails a clock that was never set, also when no endpoint can be reached", () => {
  const [clock] = find({ endpoints: [down], registration: null }, 0o600, 61_000)["clock"]!;
  assert.deepEqual([clock?.status, clock?.fix], ["fail", "timedatectl set-ntp true"]);
  assert.equal(clock?.message, "this host's clock shows 1970-01-01 00:01 UTC: it has not been set");
});

Deno.test("chainFindings() fails a hotkey that is not registered, with its address", () => {
  const [registration] = find({ registration: { uid: null } })["registration"]!;
  assert.equal(registration!.status, "fail");
  assert.match(registration!.message, /5F is not registered on subnet 89/);
});
