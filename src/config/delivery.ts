/**
 * `[delivery]`: where what is really delivered can be read, and when it is too little.
 *
 * @module
 */

import { DEFAULT_DELIVERY_LIMITS, type DeliveryLimits } from "../delivery/measured/judgement.ts";
import type { HashrateUnit, MetricSource } from "../delivery/measured/metric_source.ts";
import { parseSelector } from "../delivery/measured/prometheus_text.ts";
import { redactAddress } from "../lib/redact.ts";
import { type EffectiveSettings, inFile } from "./effective.ts";
import type { ConfigIssue } from "./errors.ts";
import type { ConfigFile } from "./schema.ts";
import { keyOf } from "./shape.ts";

/** What to read beside the ASICs' own figures, and the limits. */
export interface DeliveryConfig {
  /** Metrics of proxies; their figures are added up. */
  readonly sources: readonly MetricSource[];
  readonly limits: DeliveryLimits;
}

/** What {@link resolveDelivery} works with. */
export interface DeliverySources {
  readonly section: ConfigFile["delivery"];
  readonly settings: EffectiveSettings;
  /** Takes what is wrong. */
  readonly issues: ConfigIssue[];
}

/** Decides about `[delivery]`. */
export function resolveDelivery({ section = {}, settings, issues }: DeliverySources): DeliveryConfig {
  const warnBelow = settings.pick(
    "delivery",
    "warn_below",
    [inFile(section.warn_below)],
    DEFAULT_DELIVERY_LIMITS.warnBelow,
  );
  const alertBelow = settings.pick(
    "delivery",
    "alert_below",
    [inFile(section.alert_below)],
    DEFAULT_DELIVERY_LIMITS.alertBelow,
  );
  if (alertBelow > warnBelow) {
    issues.push({
      key: "[delivery] alert_below",
      message: `must be at most warn_below, ${warnBelow}; it is ${alertBelow}`,
    });
  }
  const earlier: (MetricSource & { readonly place: string })[] = [];
  const sources = (section.sources ?? []).flatMap((source, i): MetricSource[] => {
    const { url, metric } = source;
    const missing = (["url", "metric"] as const).filter((key) => source[key] === undefined);
    for (const key of missing) {
      issues.push({
        key: keyOf(["delivery", "sources", i, key]),
        message: "is missing; name the address of the proxy's metrics, and the metric of its hashrate",
      });
    }
    const place = `delivery.sources[${i}]`;
    const unit = settings.pick<HashrateUnit>(place, "unit", [inFile(source.unit)], "TH/s");
    if (url === undefined || metric === undefined) return [];
    settings.pick(place, "url", [inFile(url)], url, redactAddress);
    settings.pick(place, "metric", [inFile(metric)], metric);
    // The schema takes no other text.
    const parsed = { url, metric: parseSelector(metric)!, unit };
    const same = earlier.find((other) => readSame(other, parsed));
    if (same !== undefined) {
      issues.push({
        key: keyOf(["delivery", "sources", i, "metric"]),
        message: `takes series of this url that ${same.place} takes, too, and they would count twice; ` +
          "remove one of the two, or give both labels that tell them apart",
      });
    }
    earlier.push({ ...parsed, place: `sources[${i}]` });
    return [parsed];
  });
  return { sources, limits: { warnBelow, alertBelow } };
}

/** Whether what one of them takes is part of what the other takes. */
function readSame(one: MetricSource, other: MetricSource): boolean {
  const isWithin = (narrow: MetricSource, wide: MetricSource): boolean =>
    [...wide.metric.labels].every(([label, value]) => narrow.metric.labels.get(label) === value);
  return placeOf(one) === placeOf(other) && one.metric.name === other.metric.name &&
    (isWithin(one, other) || isWithin(other, one));
}

/** Where a source is read, however it is written: a login, a fragment or an empty query lead to no other place. */
function placeOf({ url }: MetricSource): string {
  const place = new URL(url);
  place.username = place.password = place.hash = "";
  // An empty query is dropped when it is set.
  place.search = `${place.search}`;
  return place.href;
}
