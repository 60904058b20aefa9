import assert from "node:assert/strict";
import fc from "fast-check";
import { TomlError } from "../../../src/lib/toml.ts";
import { RoutingError } from "../../../src/delivery/proxies/errors.ts";
import { editPools, poolIdentities } from "../../../src/delivery/proxies/ihp.ts";

const POOLS = `# top
[pools]
backup = { name = "subnet", weight = 3 } # keep

[[pools.main]]
name = "Subnet "
host = "a.example.org"
# above weight
weight = 1 # beside weight

[[pools.main]]
name = "private"
weight = 7
`;

function after(before: string, wonSizes: string[], subnetPoolName = "subnet"): string {
  return editPools(before, { subnetPoolName, wonSizes }).after;
}

Deno.test("editPools() puts target_hashrate in the place of weight and changes nothing else", () => {
  assert.equal(
    after(POOLS, ["0.1", "0.2"]),
    POOLS.replace("weight = 1 #", 'target_hashrate = "300TH/s" #'),
  );
});

Deno.test("editPools() reports the keys that it owns, before and after", () => {
  const { values, changed, skipped } = editPools(POOLS, { subnetPoolName: "subnet", wonSizes: ["0.45"] });
  assert.deepEqual({ changed, skipped }, { changed: true, skipped: null });
  assert.deepEqual(values, [
    { key: 'pools.main[0] "Subnet " target_hashrate', previous: null, value: "450TH/s" },
    { key: 'pools.main[0] "Subnet " weight', previous: 1, value: null },
  ]);
});

Deno.test("editPools() writes 0TH/s when nothing was won", () => {
  assert.match(after(POOLS, []), /^target_hashrate = "0TH\/s" # beside weight$/m);
});

Deno.test("editPools() keeps CRLF", () => {
  const crlf = POOLS.replaceAll("\n", "\r\n");
  assert.equal(after(crlf, ["0.1"]), crlf.replace("weight = 1 #", 'target_hashrate = "100TH/s" #'));
});

Deno.test("editPools() changes nothing when the file is right already", () => {
  const right = after(POOLS, ["0.1"]);
  const { changed, after: again } = editPools(right, {
    subnetPoolName: " SUBNET",
    wonSizes: ["0.05", "0.05"],
  });
  assert.equal(changed, false);
  assert.equal(again, right);
});

Deno.test("editPools() rewrites another unit, and a weight beside a target goes", () => {
  const before = '[[pools.main]]\nname = "subnet"\ntarget_hashrate = "0.1PH/s" # u\nweight = 1\n';
  assert.equal(after(before, ["0.1"]), '[[pools.main]]\nname = "subnet"\ntarget_hashrate = "100TH/s" # u\n');
});

Deno.test("editPools() edits every pool of the name, and names that are integers count", () => {
  const before = "[[pools.main]]\nname = 5\n[[pools.main]]\nname = '5'\n[[pools.main]]\nname = 5.0\n";
  const target = 'target_hashrate = "100TH/s"\n';
  assert.equal(
    after(before, ["0.1"], "5"),
    `[[pools.main]]\nname = 5\n${target}[[pools.main]]\nname = '5'\n${target}[[pools.main]]\nname = 5.0\n`,
  );
});

Deno.test("editPools() throws RoutingError when no pool has the name", () => {
  const reject = (before: string, subnetPoolName: string, found: RegExp): void => {
    assert.throws(() => editPools(before, { subnetPoolName, wonSizes: [], path: "p.toml" }), (error) => {
      assert.ok(error instanceof RoutingError);
      assert.equal(error.kind, "no-pool");
      assert.equal(error.path, "p.toml");
      assert.match(error.message, found);
      return true;
    });
  };
  reject(POOLS, "sub", /no \[\[pools\.main\]\] is named "sub" \(its pools are "Subnet ", "private"\)/);
  reject(POOLS, "", /is named ""/);
  reject('[[pools.main]]\nname = ""\n', " ", /its pools are ""/);
  reject("", "subnet", /it has no \[\[pools\.main\]\]/);
  reject('[pools.main]\nname = "subnet"\n', "subnet", /it has no/);
  reject('pools = 1\nname = "subnet"\n', "subnet", /it has no/);
});

Deno.test("editPools() throws TomlError with the place when the file is broken", () => {
  assert.throws(() => after('[[pools.main]]\nname = "subnet\n', []), (error) => {
    assert.ok(error instanceof TomlError);
    return error.line === 2;
  });
});

Deno.test("editPools() touches only target_hashrate and weight of matching pools", () => {
  const blank = fc.constantFrom("", " ", "\t", "  ");
  const comment = fc.constantFrom("", " # c", '# "weight = 1"', "\t#⛏ é 😀");
  const other = fc.record({
    key: fc.constantFrom("host", "port", '"a b"', "a.b", "weights", "x"),
    blank,
    comment,
  })
    .map(({ key, blank, comment }) => `${blank}${key} =${blank}'v # ${key}'${blank}${comment}`);
  const fullLine = fc.constantFrom("", "# weight = 1", "  # note", "\t");
  const pool = fc.record({
    name: fc.constantFrom("subnet", " SubNet", "private", "sub"),
    others: fc.uniqueArray(other, { maxLength: 4, selector: (line) => line.trim().split(/ =/)[0] }),
    notes: fc.array(fullLine, { maxLength: 4 }),
    weight: fc.option(fc.record({ blank, comment })),
    target: fc.option(
      fc.record({ blank, comment, value: fc.constantFrom('"9TH/s"', "'450TH/s'", '"450TH/s"', "4") }),
    ),
    order: fc.infiniteStream(fc.nat()),
  });

  fc.assert(
    fc.property(
      fc.array(pool, { minLength: 1, maxLength: 5 }),
      fc.constantFrom("\n", "\r\n"),
      fc.boolean(),
      (pools, newline, finalNewline) => {
        const before: string[] = ["# top", "[server]", 'weight = 1 # "subnet"'];
        const expected = [...before];
        for (const { name, others, notes, weight, target, order } of pools) {
          const matches = name.trim().toLowerCase() === "subnet";
          before.push("[[pools.main]]");
          expected.push("[[pools.main]]");
          const targetLine = (value: string, blank: string, comment: string): string =>
            `${blank}target_hashrate = ${value}${comment}`;
          // Each line as it stands, and as it has to be for a matching pool: `null` when it goes.
          const lines: [string, string | null][] = [...others, ...notes, `name = "${name}"`].map((
            l,
          ) => [l, l]);
          if (weight !== null) {
            const line = `${weight.blank}weight = 1${weight.comment}`;
            const left = `${weight.blank}${weight.comment.trimStart()}`;
            lines.push([
              line,
              target === null
                ? targetLine('"450TH/s"', weight.blank, weight.comment)
                : weight.comment === ""
                ? null
                : left,
            ]);
          }
          if (target !== null) {
            const { value, blank, comment } = target;
            const right = value.includes("450TH/s");
            lines.push([
              targetLine(value, blank, comment),
              targetLine(right ? value : '"450TH/s"', blank, comment),
            ]);
          }
          const ranks = new Map(lines.map((line) => [line, order.next().value]));
          lines.sort((a, b) => ranks.get(a)! - ranks.get(b)!);
          if (matches && weight === null && target === null) {
            const isRow = ([line]: [string, unknown]): boolean => /^\s*("a b"|[a-z._]+) =/.test(line);
            const last = lines.findLastIndex(isRow);
            const indentation = /^\s*/.exec(lines[last]![0])![0];
            lines.splice(last + 1, 0, ["", `${indentation}target_hashrate = "450TH/s"`]);
            before.push(...lines.filter((_, index) => index !== last + 1).map(([line]) => line));
          } else {
            before.push(...lines.map(([line]) => line));
          }
          expected.push(
            ...lines.flatMap(([line, edited]) => matches ? (edited === null ? [] : [edited]) : [line]),
          );
        }
        const end = finalNewline ? newline : "";
        const text = before.join(newline) + end;
        const hasMatch = pools.some(({ name }) => name.trim().toLowerCase() === "subnet");
        if (!hasMatch) {
          assert.throws(() => after(text, ["0.45"]), RoutingError);
        } else {
          assert.equal(after(text, ["0.45"]), expected.join(newline) + end);
        }
      },
    ),
    { numRuns: 400 },
  );
});

Deno.test("poolIdentities() finds the worker_id of each of the subnet's pools", () => {
  const text = `[[pools.main]]
name = " Central-Proxy "
worker_id = "sn89auction.5F.worker1"
[[pools.main]]
name = "house"
worker_id = "me.rig"
[[pools.main]]
name = "central-proxy"
[[pools.main]]
name = "central-proxy"
worker_id = " "
[[pools.main]]
name = "central-proxy"
worker_id = 7
`;
  const found = poolIdentities(text, { subnetPoolName: "central-proxy", path: "p" });
  assert.deepEqual(found.map(({ place, workerId }) => [place, workerId]), [
    ['pools.main[0] " Central-Proxy "', "sn89auction.5F.worker1"],
    ['pools.main[2] "central-proxy"', null],
    ['pools.main[3] "central-proxy"', null],
    ['pools.main[4] "central-proxy"', "7"],
  ]);
});
