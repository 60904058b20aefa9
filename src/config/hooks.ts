/**
 * `[hooks]`: the operator's programs, and the webhook for alerts.
 *
 * @module
 */

import { redactAddress, redactCommand } from "../lib/redact.ts";
import { inFile, type Resolution } from "./effective.ts";
import { expandHome } from "./environment.ts";
import { type ConfigFile, HOOK_NAMES, type HookName, type WebhookFormat } from "./schema.ts";

/** The programs to run. */
export interface HooksConfig {
  /** The program and its arguments, for each hook that has one. */
  readonly programs: Readonly<Partial<Record<HookName, readonly string[]>>>;
  /** A program that runs longer is killed. */
  readonly timeoutMs: number;
}

/** Where to post alerts. */
export interface WebhookConfig {
  /** `http:` or `https:`; a secret. */
  readonly url: string;
  readonly format: WebhookFormat;
}

/** Programs and alerts. */
export interface HooksSettings {
  readonly hooks: HooksConfig;
  /** `null`: no alerts. */
  readonly alerting: {
    readonly webhook: WebhookConfig;
    /** Raise an alert after this number of windows in a row without a win. */
    readonly noWinWindows: number;
  } | null;
}

/** Resolves `[hooks]`. Expands `~/` in a program's path, not in its arguments. */
export function resolveHooks(values: ConfigFile["hooks"], resolution: Resolution): HooksSettings {
  const section = resolution.section("hooks", values);
  const programs: Partial<Record<HookName, readonly string[]>> = {};
  for (const name of HOOK_NAMES) {
    const [program, ...args] = section.values[name] ?? [];
    const words = program === undefined ? undefined : [expandHome(program, resolution.environment), ...args];
    const chosen = section.choose<string[] | null>(name, [inFile(words)], null, redactCommand);
    if (chosen !== null) programs[name] = chosen;
  }
  const timeoutMs = section.pickSeconds("timeout", "30s") * 1000;
  const url = section.pick("webhook", null, redactAddress);
  const format = section.pick("webhook_format", "json");
  const noWinWindows = section.pick("no_win_windows", 5);
  return {
    hooks: { programs, timeoutMs },
    alerting: url === null ? null : { webhook: { url, format }, noWinWindows },
  };
}
