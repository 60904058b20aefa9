/**
 * `[delivery]`: where what is really delivered can be read, and when it is too little.
 *
 * @module
 */

import { DEFAULT_DELIVERY_LIMITS, type DeliveryLimits } from "../delivery/judgement.ts";
import type { HashrateUnit, MetricSource } from "../delivery/metric_source.ts";
import { parseSelector } from "../delivery/prometheus_text.ts";
import { redactUrls } from "../lib/redact.ts";
import { type EffectiveSettings, inFile } from "./effective.ts";
import type { ConfigIssue } from "./errors.ts";
import { type ConfigFile, keyOf } from "./schema.ts";

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
    settings.pick(place, "url", [inFile(url)], url, redactUrls);
    settings.pick(place, "metric", [inFile(metric)], metric);
    // The schema takes no other text.
    return [{ url, metric: parseSelector(metric)!, unit }];
  });
  return { sources, limits: { warnBelow, alertBelow } };
}
