/**
 * What machines answer over the cgminer API.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { askMiner, type CgminerConnection, CgminerError } from "../../src/delivery/asics/cgminer_api.ts";
import { numberOf } from "../../src/delivery/asics/cgminer_json.ts";
import { currentPool, poolsOf } from "../../src/delivery/asics/cgminer_pools.ts";
import { summaryOf } from "../../src/delivery/asics/cgminer_summary.ts";
import { family, unlessRejected } from "./family.ts";
import { JSON_PIECES, objectOf, oddValue } from "./json_text.ts";
import { mutatedText } from "./mutation.ts";

const texts = (...values: string[]): fc.Arbitrary<string> =>
  fc.constantFrom(...values.map((value) => JSON.stringify(value)));
const figure = fc.oneof(
  fc.double({ min: 0, max: 500_000, noNaN: true }).map(String),
  fc.nat(1_000_000).map((number) => JSON.stringify((number / 100).toFixed(2))),
);

const status = objectOf({
  STATUS: fc.oneof({ weight: 8, arbitrary: texts("S", "s", "W", "I") }, {
    weight: 1,
    arbitrary: texts("E", "F", "?"),
  }),
  Code: fc.constantFrom("7", "11", "26", "45", '"45"'),
  Msg: texts("Summary", "poolbinance }{ nan, inf", "\x1b[2J", "x".repeat(300)),
});
const pool = objectOf({
  POOL: fc.constantFrom("0", "1", "2", '"3"'),
  URL: texts("stratum+tcp://a.example.org:3333", "poolbinance"),
  Status: texts("Alive", "Dead", "Disabled", "Rejecting", " alive "),
  Priority: fc.constantFrom("0", "1", "2", '"1"'),
  User: texts("sn89auction.5C.rig", "", " x "),
  "Stratum Active": fc.constantFrom("true", "false", '"Y"', "1"),
});
const summary = objectOf({
  Elapsed: figure,
  "GHS 5s": figure,
  "MHS av": figure,
  "HS RT": figure,
  "THS 15m": figure,
  "Utility": figure,
});

const listOf = (item: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.array(item, { minLength: 1, maxLength }).map((items) => `[${items.join(",")}]`),
    },
    { weight: 1, arbitrary: item },
  );

const answerText = fc.oneof(
  objectOf({ STATUS: listOf(status, 1), POOLS: listOf(pool, 4), id: fc.constant("1") }),
  objectOf({ STATUS: listOf(status, 1), SUMMARY: listOf(summary, 2), id: fc.constant("1") }),
);

/** How the bytes of an answer arrive. */
interface Arrival {
  readonly chunkBytes: number;
  readonly end: "nul" | "close" | "reset" | "nul and more";
}

const arrival: fc.Arbitrary<Arrival> = fc.record({
  chunkBytes: fc.oneof(fc.constant(20_000), fc.integer({ min: 50, max: 4000 })),
  end: fc.constantFrom("nul", "nul", "close", "reset", "nul and more"),
});

function connectionOf(text: string, { chunkBytes, end }: Arrival): CgminerConnection {
  const ending = { nul: "\0", close: "", reset: "", "nul and more": '\0{"STATUS":1}' }[end];
  const bytes = new TextEncoder().encode(text + ending);
  let at = 0;
  return {
    read: (buffer) => {
      if (at >= bytes.length) {
        return end === "reset"
          ? Promise.reject(new Deno.errors.ConnectionReset("reset"))
          : Promise.resolve(null);
      }
      const chunk = bytes.subarray(at, at + Math.min(chunkBytes, buffer.length));
      buffer.set(chunk);
      at += chunk.length;
      return Promise.resolve(chunk.length);
    },
    write: (data) => Promise.resolve(data.length),
    close: () => {},
  };
}

/** Asks a machine that answers this, and checks what was understood. */
async function ask(text: string, arrival: Arrival): Promise<Readonly<Record<string, unknown>> | null> {
  const answer = await unlessRejected(
    [CgminerError],
    askMiner({ host: "10.0.0.7", port: 4028 }, { command: "pools" }, {
      timeoutMs: 5000,
      connect: () => Promise.resolve(connectionOf(text, arrival)),
    }),
  );
  if (answer === null) return null;
  const { hashratePh, periodSeconds, elapsedSeconds } = summaryOf(answer);
  for (const value of [hashratePh, periodSeconds, elapsedSeconds]) {
    assert.ok(value === null || (Number.isFinite(value) && value >= 0), `${value} is no figure`);
  }
  const pools = poolsOf(answer);
  for (const { number, priority, user } of pools) {
    assert.ok(Number.isFinite(number) && (priority === null || Number.isFinite(priority)));
    assert.ok(user === null || user.trim() !== "");
  }
  const current = currentPool(pools);
  assert.ok(current === null || (pools.includes(current) && current.state === "alive"));
  return answer;
}

/** Answers that follow the protocol. */
export const minerAnswers = family({
  name: "miners",
  holds:
    "an answer in JSON is understood as JSON.parse() does, however it arrives, or refused with CgminerError",
  sample: 200,
  cases: fc.record({
    text: fc.oneof({ weight: 9, arbitrary: answerText }, { weight: 1, arbitrary: oddValue }),
    arrival,
  }),
  check: async ({ text, arrival }) => {
    const answer = await ask(text, arrival);
    // JSON knows figures beyond all doubles, which this agent leaves as they are written.
    if (answer !== null && text.startsWith("{")) {
      assert.equal(JSON.stringify(Object.keys(answer)), JSON.stringify(Object.keys(JSON.parse(text))));
      const { POOLS: pools, SUMMARY: summaries, ...rest } = JSON.parse(text);
      for (const [key, value] of Object.entries({ ...rest, POOLS: pools, SUMMARY: summaries })) {
        if (value !== undefined && text.length < 10_000) assert.deepEqual(answer[key], value);
      }
    }
  },
});

const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/gi;

/** Answers with mistakes. */
export const brokenMinerAnswers = family({
  name: "miners-broken",
  holds: "a broken answer never yields a figure that is not in it, or is refused with CgminerError",
  sample: 200,
  cases: fc.record({ text: mutatedText(answerText, JSON_PIECES), arrival }),
  check: async ({ text, arrival }) => {
    const answer = await ask(text, arrival);
    if (answer === null || text.length > 10_000) return;
    const written = new Set(Array.from(text.matchAll(NUMBER), ([number]) => Number(number)));
    for (const figure of figuresIn(answer)) assert.ok(written.has(figure), `${figure} is not in the answer`);
  },
});

/** The figures in a value, also those that are written as text. */
function figuresIn(value: unknown): number[] {
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(figuresIn);
  const figure = numberOf(value);
  return figure === null ? [] : [figure];
}
