import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type IdentityJudgement,
  judgeIdentity,
  type PoolIdentity,
} from "../../../src/auction/credit/identity.ts";

const HOTKEY = "5CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";
const OTHER = HOTKEY.replace("C", "D");
const OWNER = { account: "sn89auction", hotkey: HOTKEY };
const PLACE = 'pools.main[0] "central-proxy"';

function judge(workerId: string | null, key: PoolIdentity["key"] = "worker_id"): IdentityJudgement {
  return judgeIdentity({ place: PLACE, key, workerId }, OWNER);
}

Deno.test("judgeIdentity() is content with account, hotkey and worker", () => {
  assert.deepEqual(judge(`sn89auction.${HOTKEY}.worker1`), { kind: "right", worker: "worker1" });
  assert.deepEqual(judge(`sn89auction.${HOTKEY}.rack.7`), { kind: "right", worker: "rack.7" });
});

Deno.test("judgeIdentity() says what the machines' names must be when nothing is set", () => {
  assert.deepEqual(judge(null), {
    kind: "missing",
    message:
      `${PLACE} has no worker_id: every machine's own worker name must be sn89auction.${HOTKEY}.<name>`,
  });
});

const wrong: [string, RegExp, string][] = [
  [
    "worker7",
    /^.*: worker_id is "worker7", which is not account, hotkey and worker, joined by dots: its/,
    "worker7",
  ],
  [`${HOTKEY}.rig2`, /which is not account, hotkey and worker/, "rig2"],
  [`sn89auction.${HOTKEY}`, /which is not account, hotkey and worker/, "worker1"],
  [`sn89auction.${HOTKEY}.`, /which is not account, hotkey and worker/, "worker1"],
  ["sn89auction", /which is not account/, "worker1"],
  [HOTKEY, /which is not account/, "worker1"],
  [`mine.${HOTKEY}.rig3`, /whose account is not sn89auction/, "rig3"],
  [`sn89auction.${OTHER}.rig4`, /whose hotkey is not ours: its hashrate is credited to nobody$/, "rig4"],
];
for (const [workerId, why, worker] of wrong) {
  Deno.test(`judgeIdentity() refuses ${workerId}, and gives the line to write`, () => {
    const judgement = judge(workerId);
    assert.ok(judgement.kind === "wrong");
    assert.match(judgement.message, why);
    assert.equal(judgement.fix, `worker_id = "sn89auction.${HOTKEY}.${worker}"`);
  });
}

Deno.test("judgeIdentity() words the line for a profile and for a machine", () => {
  const fixOf = (key: PoolIdentity["key"]): string => {
    const judgement = judge("x", key);
    return judgement.kind === "wrong" ? judgement.fix : "";
  };
  assert.equal(fixOf("user_identity"), `user_identity = "sn89auction.${HOTKEY}.x"`);
  assert.equal(fixOf("User"), `set the user of that pool to sn89auction.${HOTKEY}.x`);
});

Deno.test("judgeIdentity() judges the form and the account while the hotkey is not known", () => {
  const judgeForm = (workerId: string): IdentityJudgement =>
    judgeIdentity({ place: PLACE, key: "worker_id", workerId }, { ...OWNER, hotkey: null });
  assert.equal(judgeForm(`sn89auction.${OTHER}.rig`).kind, "right");
  const judgement = judgeForm("rig");
  assert.ok(judgement.kind === "wrong");
  assert.equal(judgement.fix, 'worker_id = "sn89auction.<hotkey>.rig"');
});

Deno.test("judgeIdentity() gives lines that it accepts itself", () => {
  const part = fc.constantFrom("", "sn89auction", HOTKEY, OTHER, "rig1", "x");
  fc.assert(fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
    const judgement = judge(parts.join("."));
    if (judgement.kind !== "wrong") return;
    const [, line] = /^worker_id = "(.*)"$/.exec(judgement.fix)!;
    assert.equal(judge(line!).kind, "right", judgement.fix);
  }));
});
