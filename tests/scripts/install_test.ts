import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseToml } from "../../src/lib/toml.ts";

const SCRIPTS = fileURLToPath(new URL("../../scripts", import.meta.url));

/** Stands in for ih-miner; its `check` refuses a size of 0.5, and the state folder of the agent's user. */
const program = (version: string): string =>
  `#!/bin/sh
case $1 in
  --version) echo "ih-miner ${version}" ;;
  check)
    if grep -q '^directory = "/var/lib/ih-miner"' "$2"; then
      echo 'fail  config        the solver would be unpacked where the agent cannot use it'
      exit 2
    fi
    if grep -q '"0.5"' "$2"; then
      echo 'fail  bid           [workers] worker_sizes: Cannot offer a worker of "0.5" PH'
      exit 2
    fi
    echo 'ok    config        good' ;;
esac
`;

interface Host extends AsyncDisposable {
  readonly root: string;
  readonly program: string;
  install(...args: string[]): Promise<{ code: number; out: string; err: string }>;
  /** Puts a stand-in before the host's own tool: a shell script. */
  standIn(tool: string, script: string): Promise<void>;
  /** Path below the root → content and mode. */
  files(): Promise<Record<string, string>>;
}

async function host(): Promise<Host> {
  const folder = await Deno.makeTempDir();
  const root = join(folder, "root");
  const path = join(folder, "ih-miner");
  const tools = join(folder, "tools");
  await Deno.mkdir(tools);
  await Deno.writeTextFile(path, program("1.0.0"), { mode: 0o755 });
  return {
    root,
    program: path,
    install: async (...args) => {
      const { code, stdout, stderr } = await new Deno.Command("sh", {
        args: [join(SCRIPTS, "install.sh"), ...args, "--root", root],
        env: { PATH: `${tools}:${Deno.env.get("PATH")}` },
        stdin: "null",
      }).output();
      const text = new TextDecoder();
      return { code, out: text.decode(stdout), err: text.decode(stderr) };
    },
    standIn: (tool, script) =>
      Deno.writeTextFile(join(tools, tool), `#!/bin/sh\n${script}\n`, { mode: 0o755 }),
    files: () => contentOf(root, ""),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function contentOf(root: string, below: string): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  const entries = await Array.fromAsync(Deno.readDir(join(root, below))).catch(() => []);
  for (const { name, isDirectory } of entries) {
    const path = `${below}/${name}`;
    if (isDirectory) Object.assign(content, await contentOf(root, path));
    else {
      const mode = ((await Deno.stat(join(root, path))).mode! & 0o777).toString(8);
      content[path] = `${mode} ${await Deno.readTextFile(join(root, path))}`;
    }
  }
  return content;
}

const SETTINGS = [
  "--sizes",
  "0.45x10,0.25x4",
  "--proxy-file",
  "/etc/ihp/pools.toml",
  "--proxy-unit",
  "ihp.service",
];

Deno.test("install.sh writes the program, the units and a configuration from its options", async () => {
  await using at = await host();
  const { code, out, err } = await at.install(at.program, ...SETTINGS, "--wallet-dir", "/home/op/wallets");
  assert.equal(code, 0, err);
  assert.match(out, /setfacl -m u:ih-miner:rw FILE/);
  const files = await at.files();
  assert.deepEqual(Object.keys(files).sort(), [
    "/etc/ih-miner/config.toml",
    "/etc/systemd/system/ih-miner-reload.path.d/10-sentinel.conf",
    "/etc/systemd/system/ih-miner-reload.service.d/10-proxy.conf",
    "/etc/systemd/system/ih-miner.service.d/10-paths.conf",
    "/usr/local/bin/ih-miner",
    "/usr/local/lib/systemd/system/ih-miner-reload.path",
    "/usr/local/lib/systemd/system/ih-miner-reload.service",
    "/usr/local/lib/systemd/system/ih-miner-reload@.path",
    "/usr/local/lib/systemd/system/ih-miner-reload@.service",
    "/usr/local/lib/systemd/system/ih-miner.service",
    "/usr/local/lib/systemd/system/ih-miner.service.d/00-shared.conf",
    "/usr/local/lib/systemd/system/ih-miner@.service",
    "/usr/local/lib/systemd/system/ih-miner@.service.d/00-shared.conf",
  ]);
  assert.equal(files["/usr/local/bin/ih-miner"], `755 ${program("1.0.0")}`);
  const config = files["/etc/ih-miner/config.toml"]!;
  assert.ok(config.startsWith("640 "));
  assert.deepEqual(structuredClone(parseToml(config.slice(4), { source: "config.toml" })), {
    bittensor: { network: "finney", netuid: 89 },
    wallet: { name: "default", hotkey_name: "default", directory: "/home/op/wallets" },
    workers: { price_multiplier: "1.05", worker_sizes: { "0.45": 10, "0.25": 4 } },
    routing: {
      mode: "ihp",
      pools_path: "/etc/ihp/pools.toml",
      subnet_pool_name: "central-proxy",
      sentinel_path: "/etc/ihp/.reload-ihp",
    },
    state: { directory: "/var/lib/ih-miner" },
  });
  const paths = files["/etc/systemd/system/ih-miner.service.d/10-paths.conf"]!;
  assert.match(paths, /^BindReadOnlyPaths=-\/home\/op\/wallets\/default\/hotkeys$/m);
  assert.match(paths, /^ReadWritePaths=-\/etc\/ihp$/m);
  assert.match(
    files["/etc/systemd/system/ih-miner-reload.service.d/10-proxy.conf"]!,
    /PROXY_UNIT=ihp\.service/,
  );
});

Deno.test("install.sh changes nothing when it runs again", async () => {
  await using at = await host();
  await at.install(at.program, ...SETTINGS);
  const before = await at.files();
  const { code, err } = await at.install(at.program, ...SETTINGS);
  assert.equal(code, 0, err);
  assert.deepEqual(await at.files(), before);
});

Deno.test("install.sh keeps the operator's changes when it upgrades or removes the program", async () => {
  await using at = await host();
  await at.install(at.program, ...SETTINGS);
  const own = ["/etc/ih-miner/config.toml", "/etc/systemd/system/ih-miner.service.d/10-paths.conf"];
  for (const path of own) await Deno.writeTextFile(join(at.root, path), "# mine\n");
  await Deno.writeTextFile(
    join(at.root, "/etc/systemd/system/ih-miner.service.d/50-mine.conf"),
    "# mine, too\n",
  );
  await Deno.writeTextFile(join(at.root, "/var/lib/ih-miner/journal"), "state\n");
  const before = await at.files();

  await Deno.writeTextFile(at.program, program("1.1.0"));
  const { code, err } = await at.install(at.program);
  assert.equal(code, 0, err);
  const after = await at.files();
  assert.equal(after["/usr/local/bin/ih-miner"], `755 ${program("1.1.0")}`);
  assert.equal(after["/usr/local/bin/ih-miner.previous"], `755 ${program("1.0.0")}`);
  for (const path of Object.keys(before).filter((name) => !name.startsWith("/usr/"))) {
    assert.equal(after[path], before[path], path);
  }

  for (const folder of ["var/lib/ih-miner/solver", "var/lib/ih-miner/instances/north/solver"]) {
    await Deno.mkdir(join(at.root, folder), { recursive: true });
    await Deno.writeTextFile(join(at.root, folder, "cbc"), "");
  }
  const gone = await at.install("--uninstall");
  assert.equal(gone.code, 0, gone.err);
  const left = await at.files();
  assert.deepEqual(
    left,
    Object.fromEntries(Object.entries(after).filter(([path]) => !path.startsWith("/usr/"))),
  );
  assert.match(gone.out, /removed .*00-shared\.conf/);
  await assert.rejects(() => Deno.stat(join(at.root, "usr/local/lib/systemd/system/ih-miner@.service.d")));
  assert.equal((await at.install("--uninstall")).code, 0);
});

const refusals: [string, string[], RegExp][] = [
  [
    "malformed sizes",
    ["--sizes", "0.45*10", "--proxy", "none"],
    /--sizes: "0\.45\*10" is not of the form/,
  ],
  ["sizes that cannot be offered", ["--sizes", "0.5x10", "--proxy", "none"], /Cannot offer a worker/],
  ["no sizes", ["--proxy", "none"], /--sizes is needed/],
  ["an unknown proxy", ["--sizes", "0.45x1", "--proxy", "stratum"], /--proxy must be/],
  ["no proxy file", ["--sizes", "0.45x1"], /--proxy-file is needed/],
  ["a relative proxy file", ["--sizes", "0.45x1", "--proxy-file", "pools.toml"], /not an absolute path/],
  ["a path that needs quoting", ["--sizes", "0.45x1", "--proxy-file", "/etc/my proxy/p.toml"], /need quoted/],
  ["an unknown option", ["--price-multiplier", "1"], /unknown option/],
];
for (const [what, args, message] of refusals) {
  Deno.test(`install.sh refuses ${what} and installs nothing`, async () => {
    await using at = await host();
    const { code, err } = await at.install(at.program, ...args);
    assert.equal(code, 2);
    assert.match(err, message);
    assert.deepEqual(await at.files(), {});
  });
}

Deno.test("install.sh --rollback goes back to the version before, and forth again", async () => {
  await using at = await host();
  await at.install(at.program, ...SETTINGS);
  await Deno.writeTextFile(at.program, program("1.1.0"));
  await at.install(at.program);
  const upgraded = await at.files();

  const back = await at.install("--rollback");
  assert.equal(back.code, 0, back.err);
  assert.match(back.out, /Going back to ih-miner 1\.0\.0/);
  assert.deepEqual(await at.files(), {
    ...upgraded,
    "/usr/local/bin/ih-miner": `755 ${program("1.0.0")}`,
    "/usr/local/bin/ih-miner.previous": `755 ${program("1.1.0")}`,
  });
  assert.equal((await at.install("--rollback")).code, 0);
  assert.deepEqual(await at.files(), upgraded);
});

Deno.test("install.sh --rollback changes nothing without a version before that runs", async () => {
  await using at = await host();
  await at.install(at.program, ...SETTINGS);
  const before = await at.files();
  const none = await at.install("--rollback");
  assert.equal(none.code, 2);
  assert.match(none.err, /there is no .*ih-miner\.previous to go back to/);
  assert.deepEqual(await at.files(), before);

  const previous = join(at.root, "/usr/local/bin/ih-miner.previous");
  await Deno.writeTextFile(previous, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  const damaged = await at.install("--rollback");
  assert.equal(damaged.code, 2);
  assert.match(damaged.err, /does not run here; nothing was changed/);
  assert.equal((await at.files())["/usr/local/bin/ih-miner"], before["/usr/local/bin/ih-miner"]);
});

/** The beginning of an ELF program; `machine` is the byte at 18. */
const elf = (machine: number): Uint8Array =>
  new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, ...Array(9).fill(0), 2, 0, machine, 0]);
const GLIBC = "echo 'glibc 2.36'";
const getconf = (bits: number, libc: string): string =>
  `case $1 in LONG_BIT) echo ${bits} ;; GNU_LIBC_VERSION) ${libc} ;; esac`;

const hosts: [what: string, machine: string, tools: Record<string, string>, RegExp][] = [
  ["a 32-bit system", "armv7l", {}, /has 32 bits \(armv7l\), and ih-miner needs 64/],
  ["an unknown machine", "riscv64", {}, /runs on x86-64 and ARM64; this machine is riscv64/],
  [
    "32-bit programs on a 64-bit kernel",
    "aarch64",
    { getconf: getconf(32, GLIBC) },
    /the kernel has 64 bits \(aarch64\), but the system's programs have 32/,
  ],
  [
    "a glibc that is too old",
    "x86_64",
    { getconf: getconf(64, "echo 'glibc 2.26'") },
    /has glibc 2\.26, and ih-miner needs 2\.27/,
  ],
  [
    "a glibc that is too old, where getconf is missing",
    "x86_64",
    { getconf: "exit 127", ldd: "echo 'ldd (GNU libc) 2.17'" },
    /has glibc 2\.17/,
  ],
  [
    "another C library",
    "x86_64",
    { getconf: getconf(64, "exit 1"), ldd: "echo 'musl libc (x86_64)' >&2; exit 1" },
    /uses musl, and ih-miner needs glibc/,
  ],
];
for (const [what, machine, tools, message] of hosts) {
  Deno.test(`install.sh refuses a host with ${what} and installs nothing`, async () => {
    await using at = await host();
    await at.standIn("uname", `echo ${machine}`);
    for (const [tool, script] of Object.entries(tools)) await at.standIn(tool, script);
    const { code, err } = await at.install(at.program, ...SETTINGS);
    assert.equal(code, 2);
    assert.match(err, message);
    assert.deepEqual(await at.files(), {});
  });
}

for (const libc of ["glibc 2.27", "glibc 2.36", "glibc 2.100", "glibc 3.0"]) {
  Deno.test(`install.sh accepts ${libc}`, async () => {
    await using at = await host();
    await at.standIn("uname", "echo aarch64");
    await at.standIn("getconf", getconf(64, `echo '${libc}'`));
    const { code, err } = await at.install(at.program, ...SETTINGS);
    assert.equal(code, 0, err);
  });
}

Deno.test("install.sh refuses a program for another machine", async () => {
  for (const [machine, byte, name] of [["x86_64", 183, "aarch64"], ["aarch64", 62, "x86_64"]] as const) {
    await using at = await host();
    await at.standIn("uname", `echo ${machine}`);
    await at.standIn("getconf", getconf(64, GLIBC));
    await Deno.writeFile(at.program, elf(byte));
    const { code, err } = await at.install(at.program, ...SETTINGS);
    assert.equal(code, 2);
    assert.match(err, new RegExp(`is for ${name}, and this machine is ${machine}; take the file`));
    assert.deepEqual(await at.files(), {});
  }
});
