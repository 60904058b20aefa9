import assert from "node:assert/strict";
import type {
  DeliverySourceError,
  DeliverySourceErrorKind,
} from "../../../src/delivery/measured/http_source.ts";
import { readWorkersApi, workersSource } from "../../../src/delivery/measured/workers_api.ts";
import { WorkersApi } from "../../../scripts/scene/workers_api.ts";

const HOTKEY = "5CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC";
const PREFIX = `sn89auction.${HOTKEY}.`;
const START_MS = Date.UTC(2026, 10, 26, 12, 0, 0, 600);
const SPAN = { startMs: START_MS, endMs: START_MS + 600_000 };

function read(url: string): Promise<ReadonlyMap<string, bigint>> {
  return readWorkersApi({ url, account: "sn89auction", hotkey: HOTKEY }, SPAN, { timeoutMs: 2_000 });
}

const ph = (hashratePh: number): bigint => BigInt(Math.round(hashratePh * 1e15));

Deno.test("readWorkersApi() asks for the hotkey's workers over the span, in whole seconds of UTC", async () => {
  await using api = new WorkersApi();
  api.deliver(`${PREFIX}rig1`, 0.45, 0);
  api.deliver(`${PREFIX}rack.7`, 0.2, 0);
  api.deliver(`sn89auction.${HOTKEY.replace("C", "D")}.rig1`, 9, 0);
  assert.deepEqual([...await read(`${api.url}/`)], [["rack.7", ph(0.2)], ["rig1", ph(0.45)]]);
  const [{ pathname, searchParams } = new URL("none:")] = api.requests;
  assert.equal(pathname, "/api/v1/workers");
  assert.deepEqual(Object.fromEntries(searchParams), {
    pattern: `${PREFIX}*`,
    start_time: "2026-11-26T12:00:00Z",
    end_time: "2026-11-26T12:10:00Z",
    limit: "500",
    offset: "0",
  });
});

Deno.test("readWorkersApi() gets what a worker delivered on average over the span", async () => {
  await using api = new WorkersApi();
  api.deliver(`${PREFIX}rig1`, 0.4, 0);
  api.deliver(`${PREFIX}rig1`, 0.2, Date.UTC(2026, 10, 26, 12, 5, 0));
  assert.deepEqual([...await read(api.url)], [["rig1", ph(0.3)]]);
});

Deno.test("readWorkersApi() reads pages until one is not full", async () => {
  await using api = new WorkersApi();
  for (let i = 0; i < 1000; i++) api.deliver(`${PREFIX}rig${i}`, 0.001, 0);
  assert.equal((await read(api.url)).size, 1000);
  assert.deepEqual(api.requests.map(({ searchParams }) => searchParams.get("offset")), ["0", "500", "1000"]);
});

Deno.test("readWorkersApi() keeps a path before the API's own, and sends a login that messages do not show", async () => {
  await using api = new WorkersApi();
  api.answer = () => new Response(null, { status: 401 });
  const { host } = new URL(api.url);
  await assert.rejects(read(`http://user:s3cret@${host}/proxy/`), (error: DeliverySourceError) => {
    assert.equal(error.kind, "http-status");
    assert.doesNotMatch(error.message, /s3cret/);
    return true;
  });
  assert.equal(api.requests[0]?.pathname, "/proxy/api/v1/workers");
});

const list = (...workers: unknown[]): Response => Response.json({ workers });
const worker = (hashrate: unknown, worker_id: unknown = `${PREFIX}a`): Response =>
  list({ worker_id, hashrate });

const broken: [string, () => Response, DeliverySourceErrorKind, RegExp][] = [
  ["a page", () => new Response("<html>"), "not-workers", /something other than JSON; correct workers_api$/],
  ["another document", () => Response.json({ items: [] }), "not-workers", /has no list workers/],
  ["a bare list", () => Response.json([]), "not-workers", /has no list workers/],
  ["an entry that is none", () => list(5), "not-workers", /workers\[0\]\.entry is 5, not a worker id/],
  ["a worker without an id", () => worker(1, null), "not-workers", /worker_id is null, not a worker id/],
  [
    "a hashrate as text",
    () => worker("450000000000000"),
    "no-hashrate",
    /hashrate is "450000000000000", not a hashrate/,
  ],
  ["a negative hashrate", () => worker(-1), "no-hashrate", /hashrate is -1, not a hashrate in H\/s/],
  ["null as a hashrate", () => worker(null), "no-hashrate", /hashrate is null/],
  ["no hashrate", () => list({ worker_id: `${PREFIX}a` }), "no-hashrate", /hashrate is missing/],
  ["an absurd hashrate", () => worker(2e21), "no-hashrate", /hashrate is 2e\+21/],
  [
    "another hotkey's worker",
    () => worker(1, "sn89auction.5Other.a"),
    "foreign",
    /"sn89auction\.5Other\.a" where only/,
  ],
  [
    "another account's worker",
    () => worker(1, `x.${HOTKEY}.a`),
    "foreign",
    /where only workers of sn89auction/,
  ],
  [
    "more than was asked for",
    () => list(...Array(501).fill({ worker_id: `${PREFIX}a`, hashrate: 1 })),
    "not-workers",
    /501/,
  ],
  [
    "pages without an end",
    () => list(...Array(500).fill({ worker_id: `${PREFIX}a`, hashrate: 1 })),
    "endless",
    /does not end after 50 pages$/,
  ],
  ["an error", () => new Response("no", { status: 500 }), "http-status", /HTTP status 500/],
];
for (const [what, answer, kind, message] of broken) {
  Deno.test(`readWorkersApi() refuses ${what}, and names the host`, async () => {
    await using api = new WorkersApi();
    api.answer = answer;
    await assert.rejects(read(api.url), (error: DeliverySourceError) => {
      assert.equal(error.kind, kind);
      assert.ok(
        error.message.startsWith(`Cannot read the delivered hashrate from ${api.url}: `),
        error.message,
      );
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("readWorkersApi() refuses a proxy whose clock is a minute off, in both directions", async () => {
  await using api = new WorkersApi();
  const answerAt = (offsetMs: number) => (): Response =>
    Response.json({ workers: [] }, { headers: { date: new Date(Date.now() + offsetMs).toUTCString() } });
  api.answer = answerAt(60_000);
  await assert.rejects(
    read(api.url),
    /its clock is (59|60) s ahead of this host's, .* check the time synchronisation/,
  );
  api.answer = answerAt(-60_000);
  await assert.rejects(read(api.url), /its clock is 6[01] s behind this host's/);
  api.answer = answerAt(20_000);
  assert.equal((await read(api.url)).size, 0);
});

Deno.test("readWorkersApi() gives up when all pages together take too long", async () => {
  await using api = new WorkersApi();
  const late = Promise.withResolvers<Response>();
  api.answer = () => late.promise;
  const reading = readWorkersApi({ url: api.url, account: "a", hotkey: HOTKEY }, SPAN, { timeoutMs: 50 });
  await assert.rejects(reading, { kind: "timeout" });
  late.resolve(new Response());
});

Deno.test("workersSource() is another source for another hotkey, and its name has no secret", () => {
  const api = { url: "http://user:s3cret@127.0.0.1:8000", account: "sn89auction", hotkey: HOTKEY };
  const source = workersSource(api);
  assert.equal(source.name, "the workers API at http://127.0.0.1:8000");
  assert.notEqual(source.key, workersSource({ ...api, hotkey: "other" }).key);
});
