/**
 * `[delivery]`: where to read the delivered hashrate, and the limits below which it is too low.
 *
 * @module
 */

import { DEFAULT_DELIVERY_LIMITS, type DeliveryLimits } from "../delivery/measured/judgement.ts";
import type { MetricSource } from "../delivery/measured/metric_source.ts";
import { parseSelector } from "../delivery/measured/prometheus_text.ts";
import { redactAddress } from "../lib/redact.ts";
import type { Resolution } from "./effective.ts";
import type { ConfigFile } from "./schema.ts";

/** The metrics to read beside the ASICs' own figures, and the limits. */
export interface DeliveryConfig {
  /** Metrics of proxies, to be added up. */
  readonly sources: readonly MetricSource[];
  readonly limits: DeliveryLimits;
}

const MISSING = "is missing; set the address of the proxy's metrics, and the metric of its hashrate";

/** Resolves `[delivery]`. */
export function resolveDelivery(values: ConfigFile["delivery"], resolution: Resolution): DeliveryConfig {
  const section = resolution.section("delivery", values);
  const warnBelow = section.pick("warn_below", DEFAULT_DELIVERY_LIMITS.warnBelow);
  const alertBelow = section.pick("alert_below", DEFAULT_DELIVERY_LIMITS.alertBelow);
  if (alertBelow > warnBelow) {
    section.refuse("alert_below", `must be at most warn_below, ${warnBelow}; it is ${alertBelow}`);
  }
  const sources = new Map<string, MetricSource>();
  for (const [i, entry] of (values?.sources ?? []).entries()) {
    const table = resolution.section(`delivery.sources[${i}]`, entry);
    const { url, metric } = entry;
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
  return { sources: [...sources.values()], limits: { warnBelow, alertBelow } };
}

/** Whether one source selects a part of what the other selects. */
function overlap(one: MetricSource, other: MetricSource): boolean {
  const isWithin = (narrow: MetricSource, wide: MetricSource): boolean =>
    [...wide.metric.labels].every(([label, value]) => narrow.metric.labels.get(label) === value);
  return placeOf(one) === placeOf(other) && one.metric.name === other.metric.name &&
    (isWithin(one, other) || isWithin(other, one));
}

/** The URL without its login, fragment and empty query, which do not change what is read. */
function placeOf({ url }: MetricSource): string {
  const place = new URL(url);
  place.username = place.password = place.hash = "";
  // Setting an empty query drops its question mark.
  place.search = `${place.search}`;
  return place.href;
}
