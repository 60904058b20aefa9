import assert from "node:assert/strict";
import { Host, missing, skipped, WANTS } from "./debian_host.ts";

const CONFIG = "/etc/ih-miner/config.toml";
const CONFFILE = "/etc/systemd/system/ih-miner.service.d/05-paths.conf";
const DROPIN = "/etc/systemd/system/ih-miner.service.d/10-paths.conf";
const HOTKEY = "/etc/ih-miner/wallets/default/hotkeys/default";
const LEDGER = "/var/lib/ih-miner/ledger.csv";

Deno.test({
  name: `the Debian package installs, upgrades, is removed and purged, and leaves what it should${skipped}`,
  ignore: missing !== null,
  fn: async (t) => {
    await using host = await Host.open();
    const before = await host.files();
    const first = await host.pack("1.0.0");
    const second = await host.pack("1.1.0");

    await t.step("a first installation makes user and folders, and starts nothing unconfigured", async () => {
      const text = await host.dpkg("--install", first);
      assert.match(text, /write \/etc\/ih-miner\/config\.toml next/);
      assert.equal((await host.run("ih-miner")).text, "ih-miner 1.0.0\n");
      for (const folder of ["/var/lib/ih-miner", "/var/cache/ih-miner"]) {
        assert.equal(await host.rights(folder), "ih-miner:ih-miner 700");
      }
      assert.match(
        (await host.run("getent", "passwd", "ih-miner")).text,
        /:\/var\/lib\/ih-miner:\/usr\/sbin\/nologin$/m,
      );
      const unit = await host.read("/usr/lib/systemd/system/ih-miner@.service");
      assert.match(unit!, /^ExecStart=\/usr\/bin\/ih-miner \/etc\/ih-miner\/%i\.toml$/m);
      assert.equal(await host.exists(`${WANTS}/ih-miner.service`), false);
      assert.deepEqual(await host.calls(), ["--system daemon-reload"]);
    });

    await host.write(CONFIG, "# mine\n", 0o640);
    await host.write(CONFFILE, "# edited\n");
    await host.write(DROPIN, "# mine\n");
    await host.write(HOTKEY, "{}", 0o400);
    await host.write(LEDGER, "a,b\n");
    await host.write("/var/lib/ih-miner/instances/north/solver/cbc", "");
    await host.write("/var/cache/ih-miner/1.0.0/main.js", "");
    for (const unit of ["ih-miner.service", "ih-miner@north.service"]) {
      await Deno.mkdir(host.at(WANTS), { recursive: true });
      await Deno.symlink("/usr/lib/systemd/system/ih-miner.service", host.at(`${WANTS}/${unit}`));
    }
    const own = [CONFIG, CONFFILE, DROPIN, HOTKEY, LEDGER];
    const contents = async (): Promise<(string | null)[]> =>
      await Promise.all(own.map((path) => host.read(path)));
    const written = await contents();

    await t.step("an upgrade keeps all files of the operator, and restarts the agents", async () => {
      await host.dpkg("--install", second);
      assert.equal((await host.run("ih-miner")).text, "ih-miner 1.1.0\n");
      assert.deepEqual(await contents(), written);
      assert.deepEqual(await host.calls(), [
        "--system daemon-reload",
        "--quiet --system restart ih-miner.service",
        "--quiet --system restart ih-miner@north.service",
      ]);
    });

    await t.step("a removal stops the agents, and keeps configuration and state", async () => {
      await host.dpkg("--remove", "ih-miner");
      assert.deepEqual(await contents(), written);
      assert.equal(await host.exists("/usr/bin/ih-miner"), false);
      assert.equal(await host.exists("/var/lib/ih-miner/instances/north/solver"), false);
      assert.equal(await host.exists("/var/cache/ih-miner"), false);
      assert.deepEqual(await host.calls(), [
        "stop ih-miner-reload.path ih-miner.service ih-miner-reload@*.path ih-miner@*.service",
        "--system daemon-reload",
      ]);
    });

    await t.step("a second installation goes on with what was kept", async () => {
      await host.dpkg("--install", second);
      assert.deepEqual(await contents(), written);
      assert.match((await host.calls()).join("\n"), /restart ih-miner\.service/);
    });

    await t.step("a purge leaves the wallets and the operator's drop-ins, and nothing else", async () => {
      const text = await host.dpkg("--purge", "ih-miner");
      assert.match(text, /kept what else is in \/etc\/ih-miner/);
      assert.match(text, /kept the user ih-miner/);
      const after = await host.files();
      const left = after.filter((path) => !before.includes(path));
      assert.deepEqual(left, [
        "/etc/ih-miner",
        "/etc/ih-miner/wallets",
        "/etc/ih-miner/wallets/default",
        "/etc/ih-miner/wallets/default/hotkeys",
        HOTKEY,
        "/etc/systemd/system/ih-miner.service.d",
        DROPIN,
      ]);
      const lost = before.filter((path) => !after.includes(path));
      assert.deepEqual(lost, []);
    });

    await t.step("an installation with a configuration enables and starts the agent", async () => {
      await host.calls();
      await host.write(CONFIG, "# mine\n", 0o640);
      await host.dpkg("--install", first);
      assert.equal(await host.exists(`${WANTS}/ih-miner.service`), true);
      assert.match((await host.calls()).join("\n"), /restart ih-miner\.service/);
      await host.dpkg("--purge", "ih-miner");
      assert.equal(await host.exists(`${WANTS}/ih-miner.service`), false);
    });

    await t.step("an installation beside install.sh is refused", async () => {
      await host.write("/usr/local/bin/ih-miner", "", 0o755);
      const { code, text } = await host.run("dpkg", "--install", first);
      assert.notEqual(code, 0);
      assert.match(text, /run install\.sh --uninstall first/);
      assert.equal(await host.exists("/usr/bin/ih-miner"), false);
    });
  },
});
