import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Host, missing, skipped, WANTS } from "./debian_host.ts";

const SCRIPTS = fileURLToPath(new URL("../../scripts", import.meta.url));
const DROPIN = "/etc/systemd/system/ih-miner.service.d/10-paths.conf";
const NORTH = "ih-miner@north.service";

/** Stands in for ih-miner. */
const program = (version: string): string =>
  `#!/bin/sh
case $1 in
  --version) echo "ih-miner ${version}" ;;
  check) echo 'ok    config        good' ;;
esac
`;

async function hostWithScripts(): Promise<Host> {
  const host = await Host.open();
  for await (const { name, isFile } of Deno.readDir(SCRIPTS)) {
    if (isFile && /^(install\.sh|ih-miner)/.test(name)) {
      await host.write(`/scripts/${name}`, await Deno.readTextFile(`${SCRIPTS}/${name}`));
    }
  }
  return host;
}

Deno.test({
  name: `install.sh starts, upgrades, rolls back and removes all agents of a host with systemd${skipped}`,
  ignore: missing !== null,
  fn: async (t) => {
    await using host = await hostWithScripts();
    const install = async (...args: string[]): Promise<string> => {
      const { code, text } = await host.run("sh", "/scripts/install.sh", ...args);
      assert.equal(code, 0, text);
      return text;
    };
    await host.write("/new", program("1.0.0"), 0o755);

    await t.step(
      "a first installation makes user, folders and configuration, and starts the agent",
      async () => {
        await install("/new", "--sizes", "0.45x1", "--proxy", "none");
        assert.equal(await host.rights("/var/lib/ih-miner"), "ih-miner:ih-miner 700");
        assert.equal(await host.rights("/var/cache/ih-miner"), "ih-miner:ih-miner 700");
        assert.equal(await host.rights("/etc/ih-miner/config.toml"), "root:ih-miner 640");
        assert.equal(await host.exists(`${WANTS}/ih-miner.service`), true);
        assert.deepEqual(await host.running(), ["ih-miner.service"]);
      },
    );

    await t.step(
      "an upgrade restarts every agent that runs, and removes what the old one unpacked",
      async () => {
        await host.run("systemctl", "enable", NORTH);
        await host.run("systemctl", "start", NORTH);
        await host.write("/var/cache/ih-miner/1.0.0/main.js", "");
        await host.write("/new", program("1.1.0"), 0o755);
        await host.calls();
        await install("/new");
        assert.deepEqual(await host.running(), ["ih-miner.service", NORTH]);
        assert.deepEqual(await host.calls(), [
          "daemon-reload",
          `stop ih-miner.service ${NORTH}`,
          "start ih-miner.service",
          `start ${NORTH}`,
        ]);
        assert.equal(await host.exists("/var/cache/ih-miner/1.0.0"), false);
      },
    );

    await t.step("a rollback does, too", async () => {
      await install("--rollback");
      assert.equal((await host.run("/usr/local/bin/ih-miner", "--version")).text, "ih-miner 1.0.0\n");
      assert.deepEqual(await host.calls(), [
        `stop ih-miner.service ${NORTH}`,
        "start ih-miner.service",
        `start ${NORTH}`,
      ]);
    });

    await t.step("an upgrade keeps disabled what the operator has disabled", async () => {
      await host.run("systemctl", "disable", "--now", "ih-miner.service");
      await host.write("/new", program("1.2.0"), 0o755);
      await install("/new");
      assert.deepEqual(await host.running(), [NORTH]);
      assert.equal(await host.exists(`${WANTS}/ih-miner.service`), false);
    });

    await t.step("a removal stops them all, and a second installation enables the agent again", async () => {
      await install("--uninstall");
      assert.deepEqual(await host.running(), []);
      assert.equal(await host.exists(`${WANTS}/${NORTH}`), false);
      assert.equal(await host.exists("/usr/local/bin/ih-miner"), false);
      assert.equal(await host.exists(DROPIN), true);
      await install("/new");
      assert.deepEqual(await host.running(), ["ih-miner.service"]);
    });

    await t.step("an installation beside the Debian package is refused", async () => {
      await install("--uninstall");
      await host.dpkg("--install", await host.pack("1.3.0"));
      const { code, text } = await host.run("sh", "/scripts/install.sh", "/new");
      assert.equal(code, 2);
      assert.match(text, /the Debian package ih-miner is installed here/);
      assert.equal(await host.exists("/usr/local/bin/ih-miner"), false);
    });
  },
});
