/**
 * Installs, upgrades, removes and purges the Debian package in a Debian root, by chroot. `$IH_MINER_DEBIAN_ROOT` names
 * one, which is copied: `debootstrap --variant=minbase bookworm DIR` makes it. Needs root. The program is a stand-in, and
 * so is systemd, which does not run in a chroot.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeDebianPackage, packageFiles } from "../../scripts/release/debian_package.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DEBIAN = Deno.env.get("IH_MINER_DEBIAN_ROOT");
const missing = DEBIAN === undefined
  ? "$IH_MINER_DEBIAN_ROOT names no Debian root"
  : Deno.uid() !== 0
  ? "needs root"
  : null;
const reason = missing === null ? "" : ` (skipped: ${missing})`;
const target = `${Deno.build.arch}-unknown-linux-gnu` as const;

const WANTS = "/etc/systemd/system/multi-user.target.wants";
const CONFIG = "/etc/ih-miner/config.toml";
const CONFFILE = "/etc/systemd/system/ih-miner.service.d/05-paths.conf";
const DROPIN = "/etc/systemd/system/ih-miner.service.d/10-paths.conf";
const HOTKEY = "/etc/ih-miner/wallets/default/hotkeys/default";
const LEDGER = "/var/lib/ih-miner/ledger.csv";

/** Logs its calls; a unit is enabled when its link is there. */
const SYSTEMCTL = `#!/bin/sh
echo "$*" >>/systemctl.log
for unit; do :; done
case "$*" in
  *is-enabled*) if [ -L "${WANTS}/$unit" ]; then echo enabled; else exit 1; fi ;;
  *is-active*) exit 3 ;;
  *preset*) mkdir -p ${WANTS} && ln -s "/usr/lib/systemd/system/$unit" "${WANTS}/$unit" ;;
esac
`;

/** A copy of the root, with systemd's stand-in. */
class Host implements AsyncDisposable {
  private constructor(private readonly folder: string) {}

  static async open(): Promise<Host> {
    const folder = await Deno.makeTempDir();
    const { success } = await new Deno.Command("cp", {
      args: ["-a", "--reflink=auto", `${DEBIAN}/.`, folder],
    }).output();
    assert.ok(success);
    const host = new Host(folder);
    await host.write("/usr/bin/systemctl", SYSTEMCTL, 0o755);
    await host.write("/run/systemd/system/.here", "");
    return host;
  }

  at(path: string): string {
    return join(this.folder, path);
  }

  async write(path: string, text: string, mode = 0o644): Promise<void> {
    await Deno.mkdir(join(this.at(path), ".."), { recursive: true });
    await Deno.writeTextFile(this.at(path), text, { mode });
  }

  async read(path: string): Promise<string | null> {
    return await Deno.readTextFile(this.at(path)).catch(() => null);
  }

  async exists(path: string): Promise<boolean> {
    return await Deno.lstat(this.at(path)).then(() => true, () => false);
  }

  /** Puts a package with a stand-in for the program into the root. */
  async pack(version: string): Promise<string> {
    const scratch = await Deno.makeTempDir();
    const program = join(scratch, "ih-miner");
    await Deno.writeTextFile(program, `#!/bin/sh\necho ih-miner ${version}\n`);
    const maintainer = "Maintainers <maintainers@example.org>";
    const content = { root: ROOT, documents: [], thirdPartyLicences: "", date: new Date(0) };
    const name = `/ih-miner_${version}.deb`;
    await makeDebianPackage({
      target,
      version,
      maintainer,
      files: await packageFiles({ ...content, program, version, maintainer }),
      mtimeSeconds: 1_700_000_000,
      scratch: join(scratch, "tree"),
      output: this.at(name),
    });
    await Deno.remove(scratch, { recursive: true });
    return name;
  }

  /** Runs a command in the root. */
  async run(...words: string[]): Promise<{ code: number; text: string }> {
    const { code, stdout, stderr } = await new Deno.Command("chroot", {
      args: [this.folder, ...words],
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
      clearEnv: true,
      stdin: "null",
    }).output();
    return { code, text: [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("") };
  }

  async dpkg(...words: string[]): Promise<string> {
    const { code, text } = await this.run("dpkg", ...words);
    assert.equal(code, 0, text);
    return text;
  }

  /** The calls of systemctl since the last look that start or stop something. */
  async calls(): Promise<string[]> {
    const text = await this.read("/systemctl.log") ?? "";
    await this.write("/systemctl.log", "");
    return text.split("\n").filter((line) => /\b(start|restart|stop|daemon-reload)\b/.test(line));
  }

  /** Owner, group and mode. */
  async rights(path: string): Promise<string> {
    return (await this.run("stat", "-c", "%U:%G %a", path)).text.trim();
  }

  /** All files but those of dpkg and of the accounts. */
  async files(): Promise<string[]> {
    const { text } = await this.run("find", "/", "-xdev", "-not", "-path", "/proc/*");
    return text.split("\n").filter((path) =>
      !/^\/(var\/lib\/dpkg|var\/log|var\/cache\/debconf|etc\/(passwd|group|shadow|gshadow|subuid|subgid|\.pwd\.lock)-?$|ih-miner_|systemctl\.log)/
        .test(path)
    ).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test({
  name: `the Debian package installs, upgrades, is removed and purged, and leaves what it should${reason}`,
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
