import assert from "node:assert/strict";
import fc from "fast-check";
import { editProfile, targetIdentities } from "../../../src/delivery/proxies/braiins.ts";
import { RoutingError } from "../../../src/delivery/proxies/errors.ts";

function profile(subnet: string, rest: string): string {
  return `# profile
[[target]]
name = "T1"

[[routing]]
from = ["S1"]

# luxor goal
[[routing.goal]]
name = "InfiniteHashLuxorGoal"
${subnet} # w1

[[routing.goal.level]]
targets = ["T1"]

[[routing.goal]]
name = "MinerDefaultGoal"
${rest} # w2
# last
`;
}

const WHOLE = 2 ** 32;

function weights(wonSizes: string[], lostSizes: string[]): [number, number] {
  const { after } = editProfile(profile("hr_weight = 1", "hr_weight = 9"), { wonSizes, lostSizes });
  const found = [...after.matchAll(/hr_weight = (\d+) #/g)].map((match) => Number(match[1]));
  assert.equal(found.length, 2);
  return [found[0]!, found[1]!];
}

Deno.test("editProfile() divides 2^32 as won to lost", () => {
  assert.deepEqual(weights(["0.1"], ["0.3"]), [WHOLE / 4, WHOLE / 4 * 3]);
  assert.deepEqual(weights(["0.1"], []), [WHOLE, 0]);
  assert.deepEqual(weights([], ["0.3"]), [0, WHOLE]);
  assert.deepEqual(weights(["0.1"], ["0.2"]), [1431655765, 2863311531]);
  assert.deepEqual(weights(Array(7).fill("0.1"), Array(9).fill("0.2")), [1202590843, 3092376453]);
});

Deno.test("editProfile() keeps weights within 0 and 2^32", () => {
  assert.deepEqual(weights(["0.3"], ["-0.1"]), [WHOLE, 0]);
  assert.deepEqual(weights(["-0.1"], ["0.3"]), [0, WHOLE]);
});

Deno.test("editProfile() always writes two integers with the sum 2^32", () => {
  const sizes = fc.array(fc.integer({ min: 5, max: 45 }).map((n) => String(n / 100)), { maxLength: 30 });
  fc.assert(fc.property(sizes, sizes, (won, lost) => {
    fc.pre(won.length + lost.length > 0);
    const [subnet, rest] = weights(won, lost);
    assert.equal(subnet + rest, WHOLE);
    const share = won.reduce((sum, size) => sum + Number(size), 0) /
      [...won, ...lost].reduce((sum, size) => sum + Number(size), 0);
    assert.ok(Math.abs(subnet - share * WHOLE) < 0.501);
  }));
});

Deno.test("editProfile() changes only the two weights, with LF and CRLF", () => {
  const before = profile("hr_weight = 1", "hr_weight=9");
  const after = profile("hr_weight = 1073741824", "hr_weight=3221225472");
  for (const newline of ["\n", "\r\n"]) {
    const edit = editProfile(before.replaceAll("\n", newline), { wonSizes: ["0.1"], lostSizes: ["0.3"] });
    assert.equal(edit.after, after.replaceAll("\n", newline));
  }
});

Deno.test("editProfile() accepts an equal float and corrects a text or a missing weight", () => {
  const sizes = { wonSizes: ["0.1"], lostSizes: ["0.1"] };
  const right = profile("hr_weight = 2147483648.0", "hr_weight = 0x80000000");
  assert.deepEqual(editProfile(right, sizes), {
    changed: false,
    after: right,
    skipped: null,
    values: [
      { key: 'routing.goal "InfiniteHashLuxorGoal" hr_weight', previous: 2147483648, value: 2147483648 },
      { key: 'routing.goal "MinerDefaultGoal" hr_weight', previous: 2147483648, value: 2147483648 },
    ],
  });
  const text = editProfile(profile('hr_weight = "2147483648"', "hr_weight = 2147483648"), sizes);
  assert.equal(text.after, profile("hr_weight = 2147483648", "hr_weight = 2147483648"));
  const missing = editProfile(profile("", "hr_weight = 2147483648"), sizes);
  assert.match(missing.after, /name = "InfiniteHashLuxorGoal"\nhr_weight = 2147483648\n # w1\n/);
});

Deno.test("editProfile() leaves the profile when there is no hashrate at all", () => {
  for (const [wonSizes, lostSizes] of [[[], []], [["x"], ["y"]], [["-0.1"], []]] as [string[], string[]][]) {
    const before = profile("hr_weight = 1", "hr_weight = 9");
    assert.deepEqual(editProfile(before, { wonSizes, lostSizes }), {
      changed: false,
      after: before,
      values: [],
      skipped: "no-hashrate",
    });
  }
});

Deno.test("editProfile() takes the first goal of each name, across routes", () => {
  const goal = (name: string, weight: number): string =>
    `[[routing.goal]]\nname = "${name}"\nhr_weight = ${weight}\n`;
  const before = `[[routing]]\n${goal("Other", 3)}[[routing]]\n${goal("MinerDefaultGoal", 1)}` +
    `${goal("InfiniteHashLuxorGoal", 1)}[[routing]]\n${goal("InfiniteHashLuxorGoal", 5)}`;
  const after = `[[routing]]\n${goal("Other", 3)}[[routing]]\n${goal("MinerDefaultGoal", 0)}` +
    `${goal("InfiniteHashLuxorGoal", WHOLE)}[[routing]]\n${goal("InfiniteHashLuxorGoal", 5)}`;
  assert.equal(editProfile(before, { wonSizes: ["0.1"], lostSizes: [] }).after, after);
});

Deno.test("editProfile() throws RoutingError naming the goal that is missing", () => {
  const reject = (before: string, name: string): void => {
    assert.throws(
      () => editProfile(before, { wonSizes: ["0.1"], lostSizes: [], path: "p.toml" }),
      (error) => {
        assert.ok(error instanceof RoutingError);
        assert.equal(error.kind, "no-goal");
        assert.ok(error.message.includes(`Cannot route in p.toml: no [[routing.goal]] is named "${name}"`));
        return true;
      },
    );
  };
  const whole = profile("hr_weight = 1", "hr_weight = 9");
  reject(whole.replace("MinerDefaultGoal", "minerdefaultgoal"), "MinerDefaultGoal");
  reject(whole.replace("InfiniteHashLuxorGoal", "X"), "InfiniteHashLuxorGoal");
  reject(whole.replace("[[routing]]", "[routing]"), "InfiniteHashLuxorGoal");
  reject("", "InfiniteHashLuxorGoal");
  reject("routing = [1, {goal = 2}, {goal = [3]}]\n", "InfiniteHashLuxorGoal");
});

Deno.test("targetIdentities() finds the identities of the targets that the subnet's goal mines at", () => {
  const text = `[[target]]
name = "one"
user_identity = "sn89auction.5F.worker1"
[[target]]
name = "two"
user_identity = "sn89auction.5F.worker2"
identity_pass_through = true
[[target]]
name = "three"
[[target]]
name = "house"
user_identity = "me.rig"
[[routing]]
[[routing.goal]]
name = "MinerDefaultGoal"
[[routing.goal.level]]
targets = ["house"]
[[routing.goal]]
name = "InfiniteHashLuxorGoal"
[[routing.goal.level]]
targets = ["three", "one"]
[[routing.goal.level]]
targets = ["two", "unknown"]
`;
  assert.deepEqual(
    targetIdentities(text, { path: "p" }).map(({ place, key, workerId }) => [place, key, workerId]),
    [
      ['target "one"', "user_identity", "sn89auction.5F.worker1"],
      ['target "two"', "user_identity", null],
      ['target "three"', "user_identity", null],
    ],
  );
});

Deno.test("targetIdentities() finds none in a profile without levels, targets or the goal", () => {
  for (
    const text of [
      "",
      "target = 5",
      '[[routing]]\n[[routing.goal]]\nname = "InfiniteHashLuxorGoal"\nlevel = 1\n',
    ]
  ) {
    assert.deepEqual(targetIdentities(text, { path: "p" }), [], text);
  }
});
