/**
 * `[delivery]`: where to read the delivered hashrate, and the limits below which it is too low.
 *
 * @module
 */

import { DEFAULT_DELIVERY_LIMITS, type DeliveryLimits } from "../delivery/measured/judgement.ts";
import type { MetricSource } from "../delivery/measured/metric_source.ts";
import { parseSelector } from "../delivery/measured/prometheus_text.ts";
import { redactAddress } from "../lib/redact.ts";
import { SUBNET_ACCOUNT } from "../auction/protocol/constants.ts";
import type { Resolution, Section } from "./effective.ts";
import type { ConfigFile } from "./schema.ts";

/** What to read beside the ASICs' own figures, and the limits. */
export interface DeliveryConfig {
  /** The account at the subnet's pool. */
  readonly account: string;
  /** Metrics of proxies, to be added up. */
  readonly sources: readonly MetricSource[];
  /** URLs of workers APIs, to be added up; may contain a login. */
  readonly workersApis: readonly string[];
  readonly limits: DeliveryLimits;
}

const MISSING = "is missing; set the address of the proxy's metrics, and the metric of its hashrate; " +
  "or workers_api alone";

/** Resolves `[delivery]`. */
export function resolveDelivery(values: ConfigFile["delivery"], resolution: Resolution): DeliveryConfig {
  const section = resolution.section("delivery", values);
  // A limit that is set alone moves the other one's default out of its way.
  const { warnBelow: usual, alertBelow: low } = DEFAULT_DELIVERY_LIMITS;
  const warnBelow = section.pick("warn_below", Math.max(usual, values?.alert_below ?? 0));
  const alertBelow = section.pick("alert_below", Math.min(low, warnBelow));
  if (alertBelow > warnBelow) {
    section.refuse("alert_below", `must be at most warn_below, ${warnBelow}; it is ${alertBelow}`);
  }
  const sources = new Map<string, MetricSource>();
  const workersApis: string[] = [];
  for (const [i, entry] of (values?.sources ?? []).entries()) {
    const table = resolution.section(`delivery.sources[${i}]`, entry);
    const { url, metric, workers_api } = entry;
    if (workers_api !== undefined) {
      resolveWorkersApi(workers_api, table, workersApis);
      continue;
    }
    if (url === undefined) table.refuse("url", MISSING);
    if (metric === undefined) table.refuse("metric", MISSING);
    const unit = table.pick("unit", "TH/s");
    if (url === undefined || metric === undefined) continue;
    table.pick("url", url, redactAddress);
    table.pick("metric", metric);
    // The schema has checked the selector.
    const source = { url, metric: parseSelector(metric)!, unit };
    const [same] = [...sources].find(([, other]) => overlap(other, source)) ?? [];
    if (same !== undefined) {
      table.refuse(
        "metric",
        `selects series of this url that ${same} also selects, and they would count twice; ` +
          "remove one of the two, or give both labels that distinguish them",
      );
    }
    sources.set(`sources[${i}]`, source);
  }
  const account = section.pick("account", SUBNET_ACCOUNT);
  return { account, sources: [...sources.values()], workersApis, limits: { warnBelow, alertBelow } };
}

type SourceSection = NonNullable<NonNullable<ConfigFile["delivery"]>["sources"]>[number];

/** Adds a workers API, which has no other key and may be listed once. */
function resolveWorkersApi(url: string, table: Section<SourceSection>, workersApis: string[]): void {
  table.pick("workers_api", url, redactAddress);
  for (const key of ["url", "metric", "unit"] as const) {
    if (table.values[key] !== undefined) {
      table.refuse(key, "belongs to a metric; write the metric and workers_api as two [[delivery.sources]]");
    }
  }
  if (workersApis.some((other) => placeOf(other) === placeOf(url))) {
    table.refuse("workers_api", "is listed twice, and its workers would count twice; remove one of the two");
  }
  workersApis.push(url);
}

/** Whether one source selects a part of what the other selects. */
function overlap(one: MetricSource, other: MetricSource): boolean {
  const isWithin = (narrow: MetricSource, wide: MetricSource): boolean =>
    [...wide.metric.labels].every(([label, value]) => narrow.metric.labels.get(label) === value);
  return placeOf(one.url) === placeOf(other.url) && one.metric.name === other.metric.name &&
    (isWithin(one, other) || isWithin(other, one));
}

/** The URL without its login, fragment and empty query, which do not change what is read. */
function placeOf(url: string): string {
  const place = new URL(url);
  place.username = place.password = place.hash = "";
  // Setting an empty query drops its question mark.
  place.search = `${place.search}`;
  return place.href;
}
