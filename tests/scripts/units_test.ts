import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SCRIPTS = fileURLToPath(new URL("../../scripts", import.meta.url));
const UNITS = ["ih-miner.service", "ih-miner-reload.path", "ih-miner-reload.service"];
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

Deno.test({
  name: `systemd accepts the units without a warning${reason}`,
  ignore,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      // The unit must be right even when the program is not installed.
      for (const unit of UNITS) {
        const text = await Deno.readTextFile(join(SCRIPTS, unit));
        await Deno.writeTextFile(join(folder, unit), text.replace("/usr/local/bin/ih-miner", "/bin/true"));
      }
      const { code, text } = (await analyze("verify", ...UNITS.map((unit) => join(folder, unit))))!;
      assert.equal(code, 0, text);
      assert.ok(!/ih-miner/.test(text), text);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: `ih-miner.service is exposed no more than ${MOST_EXPOSED}${reason}`,
  ignore,
  fn: async () => {
    const { text } = (await analyze("security", "--offline=true", "--no-pager", join(SCRIPTS, UNITS[0]!)))!;
    const [, exposure] = /Overall exposure level for ih-miner\.service: ([\d.]+)/.exec(text) ?? [];
    assert.ok(Number(exposure) <= MOST_EXPOSED, text.slice(-200));
  },
});
