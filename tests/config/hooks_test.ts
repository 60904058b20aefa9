import assert from "node:assert/strict";
import { Resolution } from "../../src/config/effective.ts";
import { ConfigError } from "../../src/config/errors.ts";
import { resolveHooks } from "../../src/config/hooks.ts";
import { checkConfigFile } from "../../src/config/schema.ts";

const BASE = {
  bittensor: { network: "finney", netuid: 89 },
  wallet: { name: "a", hotkey_name: "b", directory: "/w" },
};
const SECRET = "https://hooks.example/services/T0/B1/secret";

Deno.test("resolveHooks() has neither programs nor alerts by default", () => {
  const { hooks, alerting } = resolveHooks(undefined, new Resolution("c.toml"));
  assert.deepEqual([hooks, alerting], [{ programs: {}, timeoutMs: 30_000 }, null]);
});

Deno.test("resolveHooks() expands ~ in programs, and shows neither arguments nor the webhook", () => {
  const resolution = new Resolution("c.toml", { HOME: "/home/op" });
  const { hooks: section } = checkConfigFile({
    ...BASE,
    hooks: {
      on_won: ["~/hooks/won", "~", "secret"],
      on_error: ["alarm"],
      timeout: "2m",
      webhook: SECRET,
      webhook_format: "slack",
      no_win_windows: 3,
    },
  }, "c.toml");
  const { hooks, alerting } = resolveHooks(section, resolution);
  assert.deepEqual(hooks, {
    programs: { on_won: ["/home/op/hooks/won", "~", "secret"], on_error: ["alarm"] },
    timeoutMs: 120_000,
  });
  assert.deepEqual(alerting, { webhook: { url: SECRET, format: "slack" }, noWinWindows: 3 });
  assert.doesNotMatch(JSON.stringify(resolution.effective), /secret/);
  const shown = (key: string): unknown => resolution.effective.find((setting) => setting.key === key)?.value;
  assert.deepEqual([shown("on_won"), shown("on_error"), shown("webhook")], [
    ["/home/op/hooks/won", "…"],
    ["alarm"],
    "https://hooks.example/…",
  ]);
});

Deno.test("checkConfigFile() rejects unusable hooks without showing the webhook's secret", () => {
  const refused = (hooks: unknown, message: RegExp): void =>
    assert.throws(() => checkConfigFile({ ...BASE, hooks }, "c.toml"), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  refused(
    { on_won: [] },
    /\[hooks\] on_won: names no program; write it as a list: \["\/path\/to\/program"\], or remove/,
  );
  refused({ on_won: "program" }, /\[hooks\] on_won: must be a list/);
  refused({ webhook: "hooks.example/secret" }, /\[hooks\] webhook: must be an http:\/\/ or https:\/\/ URL/);
  refused({ webhook_format: "irc" }, /\[hooks\] webhook_format: must be one of "json", "slack", "discord"/);
  refused({ timeout: "1h" }, /\[hooks\] timeout: must be a duration from 1 s to 600 s/);
  refused({ no_win_windows: 0 }, /\[hooks\] no_win_windows: must be 1 to 60; it is 0/);
});
