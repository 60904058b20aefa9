/**
 * The workers API of InfiniteHash Proxy (spec, section 10).
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { DeliverySourceError, MAX_HASHRATE_PH } from "../../src/delivery/measured/http_source.ts";
import { readWorkersApi, type WorkerHashrates } from "../../src/delivery/measured/workers_api.ts";
import { family, unlessRejected } from "./family.ts";
import { fetchOf, type HttpAnswer, httpAnswer } from "./http_answer.ts";
import { JSON_PIECES, objectOf, oddValue } from "./json_text.ts";
import { mutatedText } from "./mutation.ts";

const SECRET = "s3cr3t";
const HOTKEY = "5CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";
const PREFIX = `sn89auction.${HOTKEY}.`;
const NOW_MS = Date.UTC(2026, 10, 26, 12);

const suffix = fc.constantFrom("rig1", "rig2", "rack.7", "é", " ", "");
const hashrate = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: 0, max: 1e18, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1e21, 1e22, 5e-324, -1, 0.5) },
);

interface Worker {
  readonly suffix: string;
  readonly hashrate: number;
}

const workers: fc.Arbitrary<readonly Worker[]> = fc.array(fc.record({ suffix, hashrate }), { maxLength: 8 });

async function read(text: string, http: HttpAnswer): Promise<WorkerHashrates | null> {
  const api = {
    url: `http://user:${SECRET}@proxy.example/p/?key=${SECRET}`,
    account: "sn89auction",
    hotkey: HOTKEY,
  };
  const span = { startMs: NOW_MS - 600_000, endMs: NOW_MS };
  const reading = readWorkersApi(api, span, {
    fetch: fetchOf(text, http),
    timeoutMs: 5000,
    nowMs: () => NOW_MS,
  });
  const hashrates = await unlessRejected([DeliverySourceError], reading);
  await reading.catch((error) => assert.ok(!String(error).includes(SECRET), "the message has the secret"));
  for (const hashes of hashrates?.values() ?? []) {
    assert.ok(
      hashes >= 0n && hashes <= BigInt(MAX_HASHRATE_PH) * 10n ** 15n * 25_000n,
      `${hashes} H/s is no hashrate`,
    );
  }
  return hashrates;
}

/** The whole part of a number as JSON writes it, which the proxy's own program reads. */
function wholeOf(number: number): bigint {
  const text = JSON.stringify(number);
  return BigInt(text.includes("e") ? Math.floor(number) : text.replace(/\..*$/, ""));
}

/** Lists as the proxy writes them. */
export const workerLists = family({
  name: "workers-api",
  holds: "a list of workers gives each suffix its whole H/s, or is refused with DeliverySourceError",
  sample: 150,
  cases: fc.record({ workers, http: httpAnswer }),
  check: async ({ workers, http }) => {
    const list = workers.map(({ suffix, hashrate }) => ({
      worker_id: PREFIX + suffix,
      hashrate,
      state: "x",
    }));
    const hashrates = await read(JSON.stringify({ workers: list, limit: 500 }), http);
    if (http.status !== 200 || http.breaksAt !== null || http.headers.length > 0) return;
    const isPossible = workers.every(({ hashrate }) => hashrate >= 0 && hashrate <= MAX_HASHRATE_PH * 1e15);
    assert.equal(hashrates !== null, isPossible);
    const expected = new Map<string, bigint>();
    for (const { suffix, hashrate } of workers) {
      if (suffix !== "") expected.set(suffix, (expected.get(suffix) ?? 0n) + wholeOf(hashrate));
    }
    if (hashrates !== null) assert.deepEqual(new Map(hashrates), expected);
  },
});

const entry = objectOf({
  worker_id: suffix.map((text) => JSON.stringify(PREFIX + text)),
  hashrate: hashrate.map(String),
});
const listText = objectOf({
  workers: fc.oneof(
    { weight: 9, arbitrary: fc.array(fc.oneof({ weight: 9, arbitrary: entry }, oddValue), { maxLength: 4 }) },
    // As many as a page may have, and one more.
    {
      weight: 1,
      arbitrary: fc.tuple(entry, fc.constantFrom(500, 501)).map(([one, count]) =>
        Array<string>(count).fill(one)
      ),
    },
  ).map((entries) => `[${entries.join(",")}]`),
});

/** Other answers. */
export const brokenWorkerLists = family({
  name: "workers-broken",
  holds: "any other answer gives possible hashrates, or is refused with DeliverySourceError without a secret",
  sample: 200,
  cases: fc.record({
    text: fc.oneof(listText, mutatedText(listText, JSON_PIECES), oddValue),
    http: httpAnswer,
  }),
  check: async ({ text, http }) => void await read(text, http),
});
