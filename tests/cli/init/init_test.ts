/** `ih-miner init`, unattended and on a terminal, in temporary folders. */

import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { join } from "node:path";
import { parseCommand } from "../../../src/cli/arguments.ts";
import { createPrompter } from "../../../src/cli/init/prompter.ts";
import { runInit } from "../../../src/cli/init/init.ts";
import { InterruptedError } from "../../../src/cli/interruption.ts";
import { ConfigError } from "../../../src/config/errors.ts";
import { type Config, loadConfig } from "../../../src/config/load.ts";
import { worstOf } from "../../../src/operator/check/finding.ts";
import { checkBid, checkIdentities, checkRouting } from "../../../src/operator/check/local_checks.ts";
import { type Rig, setUpRig } from "../../../scripts/scene/rig.ts";
import { LogRecorder } from "../../support/log_recorder.ts";

/** What a new user has: a wallet, a proxy's file, and an empty folder for the configuration. */
interface Home extends AsyncDisposable {
  readonly rig: Rig;
  readonly wallets: string;
  /** Where the configuration is to be written. */
  readonly target: string;
  /** Runs init without a terminal. */
  run(args: readonly string[]): Promise<Ended>;
  /** Runs init on a terminal. */
  session(args: readonly string[]): Session;
  /** All files of the folder but those of the wallets, with their texts. */
  files(): Promise<Record<string, string>>;
}

interface Ended {
  readonly exitCode: number;
  readonly out: string;
  readonly error: string;
}

/** A person at a terminal. */
interface Session {
  readonly ended: Promise<Ended>;
  readonly abort: AbortController;
  /** Waits until the terminal shows a text, from the last one on. */
  sees(text: string): Promise<void>;
  /** Presses keys. */
  types(keys: string): void;
  /** Replaces what stands there, and presses Enter. */
  answers(text: string): void;
}

const ENTER = "\r";
const [RIGHT, DOWN] = ["\x1b[C", "\x1b[B"];
const CTRL_C = "\x03";
const CLEAR = "\x15";

async function openHome(): Promise<Home> {
  const rig = await setUpRig({ chainUrl: "ws://127.0.0.1:1" });
  await Deno.remove(rig.configPath);
  const target = join(rig.folder, "new", "config.toml");
  const wallets = join(rig.folder, "wallets");
  const start = (
    args: readonly string[],
    terminal: PassThrough[] | null,
  ): Promise<Ended> & { abort: AbortController } => {
    const command = parseCommand(["init", target, ...args]);
    assert.equal(command.name, "init");
    const abort = new AbortController();
    const printed = { out: "", error: "" };
    const [input, output] = terminal ?? [];
    const run = runInit(command as Extract<typeof command, { name: "init" }>, {
      log: new LogRecorder(),
      signal: abort.signal,
      printOut: (text) => printed.out += text,
      printError: (text) => printed.error += text,
      prompter: input && output ? createPrompter({ input, output, signal: abort.signal }) : null,
      environment: { HOME: rig.folder },
      places: [],
    });
    return Object.assign(run.then((exitCode) => ({ exitCode, ...printed })), { abort });
  };
  return {
    rig,
    wallets,
    target,
    run: (args) => start(args, null),
    session: (args) => {
      const [input, output] = [new PassThrough(), Object.assign(new PassThrough(), { columns: 200 })];
      let shown = "";
      output.on("data", (bytes) => shown += new TextDecoder().decode(bytes));
      const ended = start(args, [input, output]);
      const types = (keys: string): void => void input.write(keys);
      return {
        ended,
        abort: ended.abort,
        sees: async (text) => {
          const endMs = performance.now() + 20_000;
          while (!shown.includes(text)) {
            assert.ok(performance.now() < endMs, `the terminal does not show ${text}, but ${shown}`);
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
          shown = shown.slice(shown.indexOf(text) + text.length);
        },
        types,
        answers: (text) => types(`${CLEAR}${text}${ENTER}`),
      };
    },
    files: async () => {
      const texts: Record<string, string> = {};
      const visit = async (folder: string): Promise<void> => {
        for await (const { name, isDirectory } of Deno.readDir(join(rig.folder, folder))) {
          const path = join(folder, name);
          if (path === "wallets") continue;
          if (isDirectory) await visit(path);
          else texts[path] = await Deno.readTextFile(join(rig.folder, path));
        }
      };
      await visit("");
      return texts;
    },
    [Symbol.asyncDispose]: () => Deno.remove(rig.folder, { recursive: true }),
  };
}

/** Loads what was written, and has the checks of `ih-miner check` that need no chain look at it. */
async function checked({ target, rig }: Home): Promise<Config> {
  const config = await loadConfig(target, { HOME: rig.folder });
  assert.ok(!(config.workers instanceof ConfigError));
  const user = { uid: Deno.uid(), gid: Deno.gid() };
  const { findings, identities } = await checkRouting(config, user);
  const owner = { account: "sn89auction", hotkey: rig.hotkey };
  const all = [...checkBid(config), ...findings, ...checkIdentities(identities, owner)];
  if (config.routing.kind === "on") assert.equal(worstOf(all), "ok", JSON.stringify(all));
  return config;
}

const OFFER = ["--price", "1.02", "--sizes", "0.45x10,0.25x4"];

Deno.test("init --yes writes a configuration for each kind of proxy that check finds nothing wrong with", async () => {
  await using home = await openHome();
  const { rig, wallets, target } = home;
  const common = ["--yes", "--wallet-dir", wallets, ...OFFER];
  const kinds: Record<string, readonly string[]> = {
    ihp: ["--proxy-file", rig.poolsPath],
    braiins: [
      ...["--proxy-file", join(rig.folder, "proxy", "active_profile.toml")],
      ...["--subnet-pool", "subnet.example.org:700", "--own-pool", "farm.1@pool.example.net:3333"],
    ],
    asic: ["--asics", "192.168.1.21=0.2,192.168.1.22:4028=0.1"],
    none: [],
  };
  for (const [kind, options] of Object.entries(kinds)) {
    const { exitCode, out, error } = await home.run([...common, "--proxy", kind, ...options]);
    assert.deepEqual([exitCode, error], [0, ""], kind);
    const config = await checked(home);
    assert.equal(config.hotkeyPath, join(wallets, "demo/hotkeys/rig"));
    assert.ok(!(config.workers instanceof ConfigError));
    assert.equal(config.workers.commitment.text, "2;b;BTC,1.02=0.25:4,0.45:10");
    const { routing } = config;
    const routed = routing.kind === "off"
      ? "none"
      : routing.fleet === null
      ? routing.targets[0]!.mode
      : `asic ${routing.fleet.miners.length}`;
    assert.equal(routed, kind === "asic" ? "asic 2" : kind);
    assert.ok(out.includes(await Deno.readTextFile(target)), "the whole file is shown");
    assert.match(out, /\nNext, .*:\n {2}ih-miner check .*config\.toml\n {2}ih-miner .*config\.toml\n/);
    await Deno.remove(target);
  }
});

Deno.test("init --yes writes a first pools.toml and active_profile.toml under the worker id of the hotkey", async () => {
  await using home = await openHome();
  const { rig, wallets, target } = home;
  for (const [kind, name] of [["ihp", "first.toml"], ["braiins", "profile.toml"]] as const) {
    const file = join(rig.folder, name);
    const pools = ["--subnet-pool", "subnet.example.org:700", "--own-pool", "pool.example.net:3333"];
    const args = [
      "--yes",
      "--wallet-dir",
      wallets,
      ...OFFER,
      "--proxy",
      kind,
      "--proxy-file",
      file,
      ...pools,
    ];
    assert.equal((await home.run(args)).exitCode, 0);
    await checked(home);
    assert.ok((await Deno.readTextFile(file)).includes(`"sn89auction.${rig.hotkey}.worker1"`));
    await Deno.remove(target);
  }
});

Deno.test("init --yes names every option that is missing or wrong, and writes nothing", async () => {
  await using home = await openHome();
  const before = await home.files();
  const none = await home.run(["--yes", "--wallet-dir", home.wallets]);
  assert.deepEqual([none.exitCode, none.out], [2, ""]);
  assert.match(none.error, /missing: --sizes LIST, --proxy KIND;/);
  const wrong = [
    ...["--network", "finey", "--netuid", "x", "--wallet-dir", home.wallets, "--hotkey-name", "rlg"],
    ...["--price", "1.2", "--sizes", "0.5x1", "--proxy", "ihp", "--proxy-file", "/nowhere/pools.toml"],
  ];
  const { exitCode, error } = await home.run(["--yes", ...wrong]);
  assert.equal(exitCode, 2);
  for (
    const line of [
      /^.*--network finey: .*not a known name/m,
      /^--netuid x: must be a whole number/m,
      /^--hotkey-name rlg: .*has these hotkeys \(wallet\/hotkey\): demo\/rig/m,
      /^--price 1\.2: must be at most 1\.05/m,
      /^--sizes 0\.5x1: .*0\.05 to 0\.45/m,
      /^--proxy-file .*: there is no such file, and no folder \/nowhere for a first one/m,
    ]
  ) assert.match(error, line);
  assert.deepEqual(await home.files(), before);
});

Deno.test("init --yes says of a wrong folder of wallets only that it is wrong", async () => {
  await using home = await openHome();
  const names = ["--wallet-name", "demo", "--hotkey-name", "rig"];
  const args = ["--yes", "--wallet-dir", "/nowhere", ...names, ...OFFER, "--proxy", "none"];
  const { exitCode, error } = await home.run(args);
  assert.deepEqual(
    [exitCode, error],
    [2, "ih-miner init: --wallet-dir /nowhere: there is no folder /nowhere\n"],
  );
});

Deno.test("init makes a path absolute that only looks like one of a home folder", async () => {
  await using home = await openHome();
  const args = ["--yes", "--wallet-dir", "~nobody/wallets", ...OFFER, "--proxy", "none"];
  assert.match((await home.run(args)).error, /--wallet-dir ~nobody\/wallets: there is no folder /);
  const file = ["--wallet-dir", home.wallets, "--proxy", "braiins", "--proxy-file", "~nobody.toml"];
  const pools = ["--subnet-pool", "subnet.example.org:700", "--own-pool", "pool.example.net:3333"];
  const person = home.session([...OFFER, ...file, ...pools, "--network", "finney", "--netuid", "89"]);
  await person.sees("Wallet");
  person.types(ENTER);
  await person.sees("Hotkey");
  person.types(ENTER);
  await person.sees(`profile_path = "${join(Deno.cwd(), "~nobody.toml")}"`);
  person.types(CTRL_C);
  assert.equal((await person.ended).exitCode, 130);
});

Deno.test("init --yes refuses options that the chosen kind of routing does not use", async () => {
  await using home = await openHome();
  const args = ["--yes", "--wallet-dir", home.wallets, ...OFFER, "--proxy", "none"];
  const { exitCode, error } = await home.run([...args, "--asics", "192.168.1.21=0.2", "--pool-name", "p"]);
  assert.equal(exitCode, 2);
  assert.match(error, /--pool-name is not used with --proxy none\n--asics is not used with --proxy none/);
  await assert.rejects(Deno.stat(home.target), Deno.errors.NotFound);
});

Deno.test("init reads nothing from pipes and devices that stand where files should be", async () => {
  await using home = await openHome();
  const pipe = join(home.rig.folder, "pipe");
  assert.ok((await new Deno.Command("mkfifo", { args: [pipe] }).output()).success);
  const args = ["--yes", "--wallet-dir", home.wallets, ...OFFER, "--proxy", "ihp"];
  for (const file of [pipe, "/dev/zero"]) {
    const { exitCode, error } = await home.run([...args, "--proxy-file", file]);
    assert.equal(exitCode, 2);
    assert.match(error, /^.*--proxy-file .*: it is not a file/m);
  }
  await Deno.rename(pipe, join(home.rig.folder, "config.toml"));
  const { error } = await home.run([...args, "--original", home.rig.folder]);
  assert.match(error, /there is no config\.toml of a miner in it/);
});

Deno.test("init says without a terminal that it needs --yes, and which options", async () => {
  await using home = await openHome();
  const { exitCode, error } = await home.run(["--wallet-dir", home.wallets, "--sizes", "0.25x1"]);
  assert.equal(exitCode, 2);
  assert.match(error, /no terminal to ask on: give --yes and the answers as options\nmissing: --proxy KIND;/);
});

Deno.test("init --yes leaves an existing configuration alone, and replaces it with --force", async () => {
  await using home = await openHome();
  await Deno.mkdir(join(home.rig.folder, "new"));
  await Deno.writeTextFile(home.target, "[http]\n# mine\n", { mode: 0o640 });
  const args = [
    "--yes",
    "--wallet-dir",
    home.wallets,
    ...OFFER,
    "--proxy",
    "ihp",
    "--proxy-file",
    home.rig.poolsPath,
  ];
  const { exitCode, error } = await home.run(args);
  assert.equal(exitCode, 2);
  assert.match(error, /config\.toml exists and stays as it is; --force replaces it/);
  assert.equal(await Deno.readTextFile(home.target), "[http]\n# mine\n");
  const pools = await Deno.readTextFile(home.rig.poolsPath);
  const forced = await home.run([...args, "--force"]);
  assert.equal(forced.exitCode, 0);
  assert.match(forced.out, /config\.toml has settings that the new file leaves out: \[http\]\n/);
  await checked(home);
  assert.equal((await Deno.stat(home.target)).mode! & 0o777, 0o640);
  assert.equal(await Deno.readTextFile(home.rig.poolsPath), pools, "the proxy's file stays");
});

Deno.test("init --original takes the settings of the Python original over, its list of sizes included", async () => {
  await using home = await openHome();
  const folder = join(home.rig.folder, "aps");
  await Deno.mkdir(join(folder, "proxy"), { recursive: true });
  await Deno.copyFile(home.rig.poolsPath, join(folder, "proxy", "pools.toml"));
  await Deno.writeTextFile(
    join(folder, "config.toml"),
    `[bittensor]\nnetwork = "test"\nnetuid = 42\n[wallet]\nname = "demo"\nhotkey_name = "rig"\n` +
      `directory = "${home.wallets}"\n[workers]\nprice_multiplier = "1.0"\nhashrates = ["0.1", "0.2", "0.1"]\n`,
  );
  assert.equal((await home.run(["--yes", "--original", folder])).exitCode, 0);
  const { network, netuid, workers, routing } = await checked(home);
  assert.deepEqual([network, netuid], ["test", 42]);
  assert.ok(!(workers instanceof ConfigError) && routing.kind === "on");
  assert.equal(workers.commitment.text, "2;b;BTC,1=0.1:2,0.2:1");
  assert.deepEqual(routing.targets.map((target) => "poolsPath" in target && target.poolsPath), [
    join(folder, "proxy", "pools.toml"),
  ]);
  assert.match(
    (await home.run(["--yes", "--force", "--original", "/nowhere"])).error,
    /no config\.toml of a miner/,
  );
});

Deno.test("init offers each installation that it finds, until one is taken", async () => {
  await using home = await openHome();
  for (const [name, price] of [["a", "1.01"], ["b", "1.02"], ["c", "1.03"]]) {
    await Deno.mkdir(join(home.rig.folder, name!));
    await Deno.writeTextFile(
      join(home.rig.folder, name!, "config.toml"),
      `[bittensor]\n[wallet]\n[workers]\nprice_multiplier = "${price}"\n`,
    );
  }
  const person = home.session(["--network", "finney", "--netuid", "89", "--wallet-dir", home.wallets]);
  await person.sees(join("a", "config.toml"));
  person.types("n");
  await person.sees(join("b", "config.toml"));
  person.types(ENTER);
  await person.sees("Wallet");
  person.types(ENTER);
  await person.sees("Hotkey");
  person.types(ENTER);
  await person.sees("Price");
  await person.sees("1.02");
  person.types(CTRL_C);
  assert.equal((await person.ended).exitCode, 130);
});

Deno.test("init asks on a terminal, says at once what is wrong with an answer, and asks again", async () => {
  await using home = await openHome();
  const person = home.session([]);
  await person.sees("Network");
  person.answers("finey");
  await person.sees("not a known name");
  person.answers("finney");
  await person.sees("netuid");
  person.answers("70000");
  await person.sees("must be 0 to 65535");
  person.answers("89");
  await person.sees("Folder of the wallets");
  person.answers("/nowhere");
  await person.sees("there is no folder /nowhere");
  person.answers(home.wallets);
  await person.sees("Wallet");
  await person.sees("demo");
  person.types(ENTER);
  await person.sees("Hotkey");
  await person.sees("rig");
  person.types(ENTER);
  await person.sees("hashprice");
  person.answers("2");
  await person.sees("a higher price never wins");
  person.answers("1.02");
  await person.sees("Workers");
  person.answers("0.45 by 10");
  await person.sees("must be written like 0.45x10,0.25x4");
  person.answers("0.45x10,0.25x4");
  await person.sees("What routes");
  person.types(ENTER);
  await person.sees("Its file");
  person.answers(join(home.rig.folder, "proxy", "pool.toml"));
  await person.sees("Write a first one?");
  person.types(`${RIGHT}${ENTER}`);
  await person.sees("Its file");
  person.answers(home.rig.poolsPath);
  await person.sees("central-proxy");
  person.types(ENTER);
  await person.sees(`worker_sizes = { "0.45" = 10, "0.25" = 4 }`);
  await person.sees("Write ");
  await assert.rejects(Deno.stat(home.target), Deno.errors.NotFound);
  person.types(ENTER);
  const { exitCode, out } = await person.ended;
  assert.equal(exitCode, 0);
  assert.match(out, /\nNext, .*:\n {2}ih-miner check /);
  await checked(home);
});

Deno.test("init asks before it replaces a file, and no is what stands there", async () => {
  await using home = await openHome();
  await Deno.mkdir(join(home.rig.folder, "new"));
  await Deno.writeTextFile(home.target, "# mine\n");
  const before = await home.files();
  const given = ["--network", "finney", "--netuid", "89", "--wallet-dir", home.wallets, ...OFFER];
  const person = home.session([...given, "--wallet-name", "demo", "--hotkey-name", "rig"]);
  await person.sees("What routes");
  person.types(`${DOWN}${DOWN}${DOWN}${ENTER}`);
  await person.sees("exists. Replace it?");
  person.types(ENTER);
  const { exitCode, out } = await person.ended;
  assert.deepEqual([exitCode, out], [0, "Nothing was written.\n"]);
  assert.deepEqual(await home.files(), before);
});

Deno.test("Ctrl-C and SIGTERM end init at every question, and leave nothing behind", async () => {
  await using home = await openHome();
  const before = await home.files();
  const given = ["--network", "finney", "--netuid", "89", "--wallet-dir", home.wallets, ...OFFER];
  const ways: [question: string, args: string[]][] = [
    ["Network", []],
    ["Wallet", given],
    ["Write ", [...given, "--wallet-name", "demo", "--hotkey-name", "rig", "--proxy", "none"]],
  ];
  for (const [question, args] of ways) {
    const person = home.session(args);
    await person.sees(question);
    person.types(CTRL_C);
    const { exitCode, error } = await person.ended;
    assert.deepEqual([exitCode, error], [130, "\nih-miner init: ended; nothing was written\n"], question);
    const other = home.session(args);
    await other.sees(question);
    other.abort.abort(new InterruptedError("SIGTERM"));
    assert.equal((await other.ended).exitCode, 143, question);
  }
  assert.deepEqual(await home.files(), before);
});

Deno.test("init asks nothing where its file cannot be written", async () => {
  await using home = await openHome();
  await Deno.writeTextFile(join(home.rig.folder, "new"), "a file where the folder should be");
  const before = await home.files();
  for (const args of [[], ["--yes", "--wallet-dir", home.wallets, ...OFFER, "--proxy", "none"]]) {
    const { exitCode, error, out } = await (args.length === 0 ? home.session(args).ended : home.run(args));
    assert.deepEqual([exitCode, out], [2, ""]);
    assert.match(error, /Cannot write .*config\.toml: .*name another file/);
  }
  assert.deepEqual(await home.files(), before);
});

Deno.test("init --yes --force does not take a folder for a configuration", async () => {
  await using home = await openHome();
  await Deno.mkdir(home.target, { recursive: true });
  const { exitCode, error } = await home.run(["--yes", "--force"]);
  assert.equal(exitCode, 2);
  assert.match(error, /Cannot write .*config\.toml: it is not a file/);
});

Deno.test("init removes a first proxy file again when the configuration cannot be written", async () => {
  await using home = await openHome();
  const before = await home.files();
  const { exitCode, error } = await home.run([
    ...["--yes", "--wallet-dir", home.wallets, ...OFFER, "--proxy", "ihp"],
    // Where the configuration's folder should be.
    ...["--proxy-file", join(home.rig.folder, "new")],
    ...["--subnet-pool", "subnet.example.org:700", "--own-pool", "pool.example.net:3333"],
  ]);
  assert.equal(exitCode, 1);
  assert.match(error, /Cannot write .*config\.toml: /);
  assert.deepEqual(await home.files(), before);
});
