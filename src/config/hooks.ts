/**
 * `[hooks]`: the operator's programs, and where alerts go.
 *
 * @module
 */

import { redactAddress, redactCommand } from "../lib/redact.ts";
import { parseDurationSeconds } from "./duration.ts";
import { type EffectiveSettings, inFile } from "./effective.ts";
import { type Environment, expandHome } from "./environment.ts";
import { type ConfigFile, HOOK_NAMES, type HookName, type WebhookFormat } from "./schema.ts";

/** The programs to run. */
export interface HooksConfig {
  /** A program and its arguments for each hook that has one. */
  readonly programs: Readonly<Partial<Record<HookName, readonly string[]>>>;
  /** A program that runs longer is killed. */
  readonly timeoutMs: number;
}

/** Where alerts are posted. */
export interface WebhookConfig {
  /** `http:` or `https:`; a secret. */
  readonly url: string;
  readonly format: WebhookFormat;
}

/** Where alerts are posted, and the limits that raise them. */
export interface AlertingConfig {
  readonly webhook: WebhookConfig;
  /** An alert begins when nothing was won in so many windows in a row. */
  readonly noWinWindows: number;
}

/** Programs and alerts. */
export interface HooksSettings {
  readonly hooks: HooksConfig;
  /** `null`: nobody is told. */
  readonly alerting: AlertingConfig | null;
}

/** Decides about `[hooks]`. A program's `~/` is the home folder; arguments stay as they are. */
export function resolveHooks(
  section: ConfigFile["hooks"] = {},
  environment: Environment,
  settings: EffectiveSettings,
): HooksSettings {
  const programs: Partial<Record<HookName, readonly string[]>> = {};
  for (const name of HOOK_NAMES) {
    const [program, ...args] = section[name] ?? [];
    const words = program === undefined ? undefined : [expandHome(program, environment), ...args];
    const chosen = settings.pick<readonly string[] | null>(
      "hooks",
      name,
      [inFile(words)],
      null,
      (value) => value === null ? null : redactCommand(value),
    );
    if (chosen !== null) programs[name] = chosen;
  }
  const timeout = settings.pick("hooks", "timeout", [inFile(section.timeout)], "30s");
  const url = settings.pick<string | null>(
    "hooks",
    "webhook",
    [inFile(section.webhook)],
    null,
    (value) => value === null ? null : redactAddress(value),
  );
  const format = settings.pick<WebhookFormat>(
    "hooks",
    "webhook_format",
    [inFile(section.webhook_format)],
    "json",
  );
  const noWinWindows = settings.pick("hooks", "no_win_windows", [inFile(section.no_win_windows)], 5);
  return {
    // The schema takes no other text.
    hooks: { programs, timeoutMs: parseDurationSeconds(timeout)! * 1000 },
    alerting: url === null ? null : { webhook: { url, format }, noWinWindows },
  };
}
