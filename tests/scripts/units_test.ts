import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { holdUmask } from "../support/shared_process.ts";

const SCRIPTS = fileURLToPath(new URL("../../scripts", import.meta.url));
const AGENTS = ["ih-miner.service", "ih-miner@.service"];
const RELOADS = [
  "ih-miner-reload.path",
  "ih-miner-reload.service",
  "ih-miner-reload@.path",
  "ih-miner-reload@.service",
];
const MOST_EXPOSED = 2.0;

async function analyze(...args: string[]): Promise<{ code: number; text: string } | null> {
  try {
    const { code, stdout, stderr } = await new Deno.Command("systemd-analyze", { args }).output();
    return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

const version = await analyze("--version");
// systemd-analyze can check a file offline since version 250.
const ignore = Number(/^systemd (\d+)/.exec(version?.text ?? "")?.[1] ?? 0) < 250;
const reason = ignore ? " (skipped: no systemd-analyze 250 or newer here)" : "";

/** The units as they are installed, in a folder of their own. */
async function installed(): Promise<AsyncDisposable & { readonly path: (unit: string) => string }> {
  using _usual = await holdUmask(0o022);
  const folder = await Deno.makeTempDir();
  for (const unit of [...AGENTS, ...RELOADS]) {
    const source = unit.startsWith("ih-miner-reload@") ? unit.replace("@", "") : unit;
    const text = await Deno.readTextFile(join(SCRIPTS, source));
    // The unit must be right even when the program is not installed.
    await Deno.writeTextFile(join(folder, unit), text.replace("/usr/local/bin/ih-miner", "/bin/true"));
  }
  for (const unit of AGENTS) {
    await Deno.mkdir(join(folder, `${unit}.d`));
    await Deno.copyFile(join(SCRIPTS, "ih-miner-shared.conf"), join(folder, `${unit}.d`, "00-shared.conf"));
  }
  return {
    path: (unit) => join(folder, unit),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

Deno.test({
  name: `systemd accepts the units without a warning${reason}`,
  ignore,
  fn: async () => {
    await using units = await installed();
    const { code, text } = (await analyze("verify", ...[...AGENTS, ...RELOADS].map(units.path)))!;
    assert.equal(code, 0, text);
    assert.ok(!/ih-miner/.test(text), text);
  },
});

for (const unit of AGENTS) {
  Deno.test({
    name: `${unit} is exposed no more than ${MOST_EXPOSED}${reason}`,
    ignore,
    fn: async () => {
      await using units = await installed();
      const { text } = (await analyze("security", "--offline=true", "--no-pager", units.path(unit)))!;
      const [, exposure] = /Overall exposure level for ih-miner\S*\.service: ([\d.]+)/.exec(text) ?? [];
      assert.ok(Number(exposure) <= MOST_EXPOSED, text.slice(-200));
    },
  });
}
