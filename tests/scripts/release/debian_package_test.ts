import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeDebianPackage, packageFiles } from "../../../scripts/release/debian_package.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const DEBIAN = join(ROOT, "scripts", "release", "debian");

/** What a program prints; `null` where it is not installed. */
async function run(program: string, ...args: string[]): Promise<{ code: number; text: string } | null> {
  try {
    const { code, stdout, stderr } = await new Deno.Command(program, { args }).output();
    return { code, text: [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("") };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

const noDpkg = await run("dpkg-deb", "--version") === null;
const noShellcheck = await run("shellcheck", "--version") === null;

async function make(folder: string, name: string): Promise<string> {
  const program = join(folder, "ih-miner");
  await Deno.writeTextFile(program, "#!/bin/sh\n");
  const facts = { version: "1.0.0", maintainer: "Maintainers <maintainers@example.org>" };
  const content = { root: ROOT, program, documents: ["docs/binary.md"], thirdPartyLicences: "MIT", ...facts };
  const output = join(folder, `${name}.deb`);
  await makeDebianPackage({
    ...facts,
    target: "aarch64-unknown-linux-gnu",
    files: await packageFiles({ ...content, date: new Date("2026-12-01T09:30:00Z") }),
    mtimeSeconds: Date.parse("2026-12-01T09:30:00Z") / 1000,
    scratch: join(folder, name),
    output,
  });
  return output;
}

Deno.test({
  name: `makeDebianPackage() gives the same bytes each time, whatever the modes of its sources${
    noDpkg ? " (skipped: no dpkg-deb here)" : ""
  }`,
  ignore: noDpkg,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const first = await Deno.readFile(await make(folder, "first"));
      await Deno.chmod(join(folder, "ih-miner"), 0o600);
      await new Promise((resolve) => setTimeout(resolve, 1100));
      assert.deepEqual(await Deno.readFile(await make(folder, "second")), first);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name:
    `makeDebianPackage() packs program, units and documentation for root, with what Debian's policy asks for${
      noDpkg ? " (skipped: no dpkg-deb here)" : ""
    }`,
  ignore: noDpkg,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      const path = await make(folder, "package");
      const { text: control } = (await run("dpkg-deb", "--field", path))!;
      for (
        const line of [
          "Package: ih-miner",
          "Version: 1.0.0",
          "Architecture: arm64",
          "Depends: libc6 (>= 2.27), passwd, init-system-helpers (>= 1.54~)",
          "Maintainer: Maintainers <maintainers@example.org>",
        ]
      ) assert.ok(control.split("\n").includes(line), line);
      const { text: list } = (await run("dpkg-deb", "--contents", path))!;
      const rows = list.trim().split("\n").map((row) => row.split(/\s+/));
      assert.deepEqual([...new Set(rows.map(([, owner]) => owner))], ["root/root"]);
      const modes = Object.fromEntries(rows.map((row) => [row[5], row[0]]));
      for (
        const [name, mode] of [
          ["./usr/bin/ih-miner", "-rwxr-xr-x"],
          ["./usr/lib/systemd/system/ih-miner.service", "-rw-r--r--"],
          ["./usr/lib/systemd/system/ih-miner@.service", "-rw-r--r--"],
          ["./usr/lib/systemd/system/ih-miner.service.d/00-shared.conf", "-rw-r--r--"],
          ["./usr/lib/systemd/system/ih-miner@.service.d/00-shared.conf", "-rw-r--r--"],
          ["./usr/lib/systemd/system/ih-miner-reload@.path", "-rw-r--r--"],
          ["./usr/share/man/man1/ih-miner.1.gz", "-rw-r--r--"],
          ["./usr/share/bash-completion/completions/ih-miner", "-rw-r--r--"],
          ["./usr/share/zsh/vendor-completions/_ih-miner", "-rw-r--r--"],
          ["./usr/share/fish/vendor_completions.d/ih-miner.fish", "-rw-r--r--"],
          ["./usr/share/doc/ih-miner/copyright", "-rw-r--r--"],
          ["./usr/share/doc/ih-miner/changelog.Debian.gz", "-rw-r--r--"],
          ["./usr/share/doc/ih-miner/docs/binary.md", "-rw-r--r--"],
        ] as const
      ) assert.equal(modes[name], mode, name);
      assert.ok(!Object.keys(modes).some((name) => name.startsWith("./usr/local")));

      await run("dpkg-deb", "--raw-extract", path, join(folder, "raw"));
      const read = (name: string): Promise<string> => Deno.readTextFile(join(folder, "raw", name));
      const inEtc = Object.keys(modes).filter((name) => name.startsWith("./etc/") && !name.endsWith("/"));
      assert.deepEqual(
        (await read("DEBIAN/conffiles")).trim().split("\n"),
        inEtc.map((name) => name.slice(1)).sort(),
      );
      assert.match(await read("DEBIAN/md5sums"), /^[0-9a-f]{32} {2}usr\/bin\/ih-miner$/m);
      const unit = await read("usr/lib/systemd/system/ih-miner.service");
      assert.match(unit, /^ExecStart=\/usr\/bin\/ih-miner \/etc\/ih-miner\/config\.toml$/m);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: `shellcheck finds nothing in the installer and the package's scripts${
    noShellcheck ? " (skipped: no shellcheck here)" : ""
  }`,
  ignore: noShellcheck,
  fn: async () => {
    const scripts = ["preinst", "postinst", "prerm", "postrm"].map((name) => join(DEBIAN, name));
    const { code, text } = (await run("shellcheck", join(ROOT, "scripts", "install.sh"), ...scripts))!;
    assert.equal(code, 0, text);
  },
});
