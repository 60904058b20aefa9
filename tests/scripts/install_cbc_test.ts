import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findReferenceCbc } from "../../scripts/parity/reference_cbc.ts";
import { readSolverPack } from "../../scripts/compile/solver_pack.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/install-cbc.sh", import.meta.url));

async function run(
  program: string,
  args: readonly string[],
): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args: [...args], stdin: "null" })
    .output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

const refusals: [what: string, args: string[], code: number, message: RegExp][] = [
  ["--pack without a file", ["--pack"], 2, /--pack needs a value/],
  ["--pack with --prefix", ["--pack", "a", "--prefix", "b"], 2, /--prefix cannot be used with --pack/],
  ["--debs without --pack", ["--debs", "a"], 2, /--debs can only be used with --pack/],
  ["an unknown argument", ["--arch", "arm64"], 2, /unknown argument --arch; see --help/],
  ["a wheel that is missing", ["--pack", "a", "--wheel", "/nowhere"], 2, /there is no file \/nowhere/],
  ["a wheel that is none", ["--pack", "a", "--wheel", SCRIPT], 1, /is not a PuLP wheel/],
];
for (const [what, args, code, message] of refusals) {
  Deno.test(`install-cbc.sh refuses ${what}`, async () => {
    const ended = await run(SCRIPT, args);
    assert.equal(ended.code, code, ended.err);
    assert.match(ended.err, message);
  });
}

/** The header of a static ELF file for ARM64. */
const EMULATOR = Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, ...Array(57).fill(0)]);
EMULATOR[18] = 183;

const LIBRARIES = ["libc.so.6", "libm.so.6", "libpthread.so.0", "librt.so.1", "libdl.so.2"];
const LICENCES = "/usr/share/common-licenses";
const copyright = (licence: string): string => `The licence is in ${LICENCES}/${licence}.\n`;

/** Packages as Debian's, with stand-ins for the programs and libraries. */
const PACKAGES: readonly [
  name: string,
  architecture: string,
  fields: string,
  files: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>,
][] = [
  ["libc6", "amd64", "", {
    ...Object.fromEntries(LIBRARIES.map((name) => [`lib/x86_64-linux-gnu/${name}`, name])),
    "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2": "ld.so",
    "usr/share/doc/libc6/copyright": copyright("LGPL-2.1"),
  }],
  ["libstdc++6", "amd64", "Depends: gcc-12-base (= 1), libc6\n", {
    "usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30": "libstdc++",
  }],
  ["libgcc-s1", "amd64", "", { "lib/x86_64-linux-gnu/libgcc_s.so.1": "libgcc" }],
  ["gcc-12-base", "amd64", "", { "usr/share/doc/gcc-12-base/copyright": copyright("GPL-3") }],
  ["base-files", "amd64", "", {
    ...Object.fromEntries(
      ["GPL-2", "GPL-3", "LGPL-2.1"].map((name) => [`${LICENCES.slice(1)}/${name}`, `text of ${name}`]),
    ),
  }],
  ["qemu-user-static", "arm64", "", {
    "usr/bin/qemu-x86_64-static": EMULATOR,
    "usr/bin/qemu-arm-static": "another machine's",
    "usr/share/doc/qemu-user-static/copyright": copyright("GPL-2"),
  }],
];

async function makePackages(folder: string): Promise<void> {
  for (const [name, architecture, fields, files] of PACKAGES) {
    const root = join(folder, "roots", name);
    const control = `Package: ${name}\nVersion: 1\nArchitecture: ${architecture}\nMaintainer: none <a@b>\n` +
      `${fields}Description: a stand-in\n`;
    for (const [path, content] of Object.entries({ ...files, "DEBIAN/control": control })) {
      await Deno.mkdir(dirname(join(root, path)), { recursive: true, mode: 0o755 });
      await Deno.writeFile(
        join(root, path),
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      );
    }
    if (name === "libstdc++6") {
      await Deno.symlink("libstdc++.so.6.0.30", join(root, "usr/lib/x86_64-linux-gnu/libstdc++.so.6"));
    }
    const output = join(folder, `${name}_1_${architecture}.deb`);
    const { code, err } = await run("dpkg-deb", ["--root-owner-group", "--build", root, output]);
    assert.equal(code, 0, err);
  }
}

const reference = await findReferenceCbc();
const hasDpkg = await run("dpkg-deb", ["--version"]).then(({ code }) => code === 0, () => false);
const absence = "absence" in reference
  ? `no solver: ${reference.absence}`
  : hasDpkg
  ? null
  : "no dpkg-deb here";

Deno.test({
  name: `install-cbc.sh --pack makes what --solver takes for ARM64${
    absence === null ? "" : ` (skipped: ${absence})`
  }`,
  ignore: absence !== null,
  fn: async () => {
    const folder = await Deno.makeTempDir();
    try {
      await makePackages(folder);
      const path = join(folder, "arm64.pack");
      const cbc = (reference as { path: string }).path;
      const args = ["--pack", path, "--debs", folder, "--wheel", cbc];
      const { code, out, err } = await run(SCRIPT, args);
      assert.equal(code, 0, err);
      assert.ok(out.includes(`--target aarch64-unknown-linux-gnu --solver ${path}\n`), out);

      const target = "aarch64-unknown-linux-gnu";
      const { solver } = await readSolverPack({ path, target, scratch: folder });
      assert.deepEqual(solver.files.map((file) => file.path), [
        "cbc",
        "licences/GPL-2.txt",
        "licences/GPL-3.txt",
        "licences/LGPL-2.1.txt",
        "licences/SOURCES.txt",
        "licences/cbc.txt",
        "licences/gcc-libraries.txt",
        "licences/libc6.txt",
        "licences/qemu.txt",
        "qemu-x86_64",
        ...["libc.so.6", "libdl.so.2", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0", "librt.so.1"]
          .map((name) => `x86_64-root/lib/x86_64-linux-gnu/${name}`),
        "x86_64-root/lib/x86_64-linux-gnu/libstdc++.so.6",
        "x86_64-root/lib64/ld-linux-x86-64.so.2",
      ]);
      const sources = await Deno.readTextFile(join(folder, "solver/licences/SOURCES.txt"));
      for (const [name] of PACKAGES) assert.ok(sources.includes(`Package: ${name}\nVersion: 1\n`), sources);

      const first = await Deno.readFile(path);
      assert.equal((await run(SCRIPT, args)).code, 0);
      assert.deepEqual(await Deno.readFile(path), first);

      await Deno.remove(join(folder, "libgcc-s1_1_amd64.deb"));
      const incomplete = await run(SCRIPT, args);
      assert.equal(incomplete.code, 1);
      assert.match(incomplete.err, /has no package libgcc-s1 for amd64/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
