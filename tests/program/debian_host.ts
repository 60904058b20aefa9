/**
 * A Debian root to install into, by chroot. `$IH_MINER_DEBIAN_ROOT` names one, which is copied for each test:
 * `debootstrap --variant=minbase bookworm DIR` makes it. Needs root. The program is a stand-in, and so is systemd, which
 * does not run in a chroot.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeDebianPackage, packageFiles } from "../../scripts/release/debian_package.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DEBIAN = Deno.env.get("IH_MINER_DEBIAN_ROOT");
/** Why there is none; `null`: there is one. */
export const missing = DEBIAN === undefined
  ? "$IH_MINER_DEBIAN_ROOT names no Debian root"
  : Deno.uid() !== 0
  ? "needs root"
  : null;
/** For the names of tests. */
export const skipped = missing === null ? "" : ` (skipped: ${missing})`;
const target = `${Deno.build.arch}-unknown-linux-gnu` as const;

/** The links of enabled units. */
export const WANTS = "/etc/systemd/system/multi-user.target.wants";

/** Logs its calls, and keeps what runs in a file. A unit is enabled when its link is there. */
const SYSTEMCTL = `#!/bin/sh
echo "$*" >>/systemctl.log
touch /running
units='' action=''
for word; do
  case $word in
    -*) ;;
    *) if [ -z "$action" ]; then action=$word; else units="$units $word"; fi ;;
  esac
done
set -f
for unit in $units; do
  case $action in
    start | restart) grep -qx "$unit" /running || echo "$unit" >>/running ;;
    stop) grep -vx "$unit" /running >/running.new; mv /running.new /running ;;
    enable | preset) mkdir -p ${WANTS} && ln -sf "/usr/lib/systemd/system/$unit" "${WANTS}/$unit" ;;
    disable)
      rm -f "${WANTS}/$unit"
      grep -vx "$unit" /running >/running.new
      mv /running.new /running
      ;;
    is-enabled) if [ -L "${WANTS}/$unit" ]; then echo enabled; else exit 1; fi ;;
    is-active) grep -qx "$unit" /running || exit 3 ;;
    list-units)
      while read -r running; do
        case $running in $unit) echo "$running loaded active running x" ;; esac
      done </running
      ;;
  esac
done
exit 0
`;

/** A copy of the root, with systemd's stand-in. */
export class Host implements AsyncDisposable {
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
    return text.split("\n").filter((line) =>
      /\b(start|restart|stop|enable|disable|daemon-reload)\b/.test(line)
    );
  }

  /** The units that run. */
  async running(): Promise<string[]> {
    return (await this.read("/running") ?? "").split("\n").filter((line) => line !== "").sort();
  }

  /** Owner, group and mode. */
  async rights(path: string): Promise<string> {
    return (await this.run("stat", "-c", "%U:%G %a", path)).text.trim();
  }

  /** All files but those of dpkg and of the accounts. */
  async files(): Promise<string[]> {
    const { text } = await this.run("find", "/", "-xdev", "-not", "-path", "/proc/*");
    return text.split("\n").filter((path) =>
      !/^\/(var\/lib\/dpkg|var\/log|var\/cache\/debconf|running$|etc\/(passwd|group|shadow|gshadow|subuid|subgid|\.pwd\.lock)-?$|ih-miner_|systemctl\.log)/
        .test(path)
    ).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
