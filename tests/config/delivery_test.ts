import assert from "node:assert/strict";
import { resolveDelivery } from "../../src/config/delivery.ts";
import { Resolution } from "../../src/config/effective.ts";
import { ConfigError } from "../../src/config/errors.ts";
import { checkConfigFile } from "../../src/config/schema.ts";
import { parseSelector } from "../../src/delivery/measured/prometheus_text.ts";

const BASE = {
  bittensor: { network: "finney", netuid: 89 },
  wallet: { name: "a", hotkey_name: "b", directory: "/w" },
};

function deliveryOf(
  delivery: unknown,
): { config: ReturnType<typeof resolveDelivery>; issues: string[]; shown: string } {
  const resolution = new Resolution("c.toml");
  const config = resolveDelivery(checkConfigFile({ ...BASE, delivery }, "c.toml").delivery, resolution);
  return {
    config,
    issues: resolution.issues.map(({ key, message }) => `${key}: ${message}`),
    shown: JSON.stringify(resolution.effective),
  };
}

Deno.test("resolveDelivery() defaults to the validators' limits and no metric", () => {
  const { config, issues } = deliveryOf(undefined);
  assert.deepEqual([config, issues], [{
    account: "sn89auction",
    sources: [],
    workersApis: [],
    limits: { warnBelow: 0.9, alertBelow: 0.2 },
  }, []]);
});

Deno.test("resolveDelivery() reads metrics with labels and units, and hides secrets in their URLs", () => {
  const metric = 'pool_hashrate{pool="central-proxy"}';
  const url = "http://user:secret@127.0.0.1:9100/metrics?key=secret";
  const { config, issues, shown } = deliveryOf({
    sources: [{ url, metric }, { url, metric: "b", unit: "PH/s" }],
  });
  assert.deepEqual(issues, []);
  assert.deepEqual(config.sources, [
    { url, metric: parseSelector(metric), unit: "TH/s" },
    { url, metric: parseSelector("b"), unit: "PH/s" },
  ]);
  assert.doesNotMatch(shown, /secret/);
  assert.match(shown, /"http:\/\/127\.0\.0\.1:9100\/…"/);
});

Deno.test("resolveDelivery() reports missing and contradictory keys", () => {
  assert.deepEqual(
    deliveryOf({ warn_below: 0.9, alert_below: 0.95, sources: [{ metric: "a" }] }).issues.map((issue) =>
      issue.split(";")[0]
    ),
    [
      "[delivery] alert_below: must be at most warn_below, 0.9",
      "[delivery] sources[0].url: is missing",
    ],
  );
  const refused = (delivery: unknown, message: RegExp): void =>
    assert.throws(() => deliveryOf(delivery), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  refused({ sources: [] }, /\[delivery\] sources: lists no source/);
  refused(
    { sources: [{ metric: "rate(a[5m])" }] },
    /\[delivery\] sources\[0\]\.metric: must be a metric's name/,
  );
  refused({ sources: [{ unit: "TH" }] }, /\[delivery\] sources\[0\]\.unit: must be one of "H\/s"/);
  refused({ sources: [{ url: "ftp://a/secret" }] }, /\[delivery\] sources\[0\]\.url: must be an http/);
});

Deno.test("resolveDelivery() refuses to count the same series twice, naming both sources", () => {
  const url = "http://user:secret@h:9100/metrics";
  const twice = (...metrics: object[]): string[] =>
    deliveryOf({ sources: metrics.map((source) => ({ url, ...source })) }).issues;
  for (
    const pair of [
      [{ metric: "a" }, { metric: "a" }],
      [{ metric: "a" }, { metric: "a", unit: "PH/s" }],
      [{ metric: 'a{x="1",y="2"}' }, { metric: 'a{ y="2", x="1" }' }],
      [{ metric: "a" }, { metric: 'a{pool="b"}' }],
      [{ metric: "a" }, { metric: "a", url: "HTTP://user:secret@H:9100/metrics" }],
      [{ metric: "a" }, { metric: "a", url: "http://other:secret@h:9100/metrics" }],
      [{ metric: "a" }, { metric: "a", url: "http://h:9100/metrics" }],
      [{ metric: "a" }, { metric: "a", url: `${url}#secret` }],
      [{ metric: "a" }, { metric: "a", url: `${url}?` }],
    ]
  ) {
    const [issue, ...more] = twice({ metric: "other" }, ...pair);
    assert.match(
      issue!,
      /^\[delivery\] sources\[2\]\.metric: selects series of this url that sources\[1\] also selects/,
    );
    assert.doesNotMatch(issue!, /secret/);
    assert.deepEqual(more, []);
  }
  assert.deepEqual(twice({ metric: 'a{pool="b"}' }, { metric: 'a{pool="c"}' }), []);
  assert.deepEqual(twice({ metric: "a" }, { metric: "a", url: "http://other/metrics" }), []);
});
