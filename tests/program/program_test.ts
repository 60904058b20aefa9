/**
 * The one-file program from outside, alone: an empty folder, an empty HOME, an empty PATH.
 *
 * `$IH_MINER_PROGRAMS` names the files to test, separated by colons; `deno task test:program` builds both forms and
 * sets it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { basename, join, resolve } from "node:path";
import { ENVIRONMENT_NAMES } from "../../src/config/environment.ts";
import { epochStart, windowAt } from "../../src/protocol/windows.ts";
import { type Simulator, startSimulator } from "../../src/simulator/mod.ts";
import { NETUID, publishPrices, setUpMarket, TEMPO } from "../../src/simulator/scene/market.ts";
import { type Rig, setUpRig } from "../../src/simulator/scene/rig.ts";
import { VERSION } from "../../src/version.ts";

const programs = (Deno.env.get("IH_MINER_PROGRAMS") ?? "").split(":").filter((path) => path !== "");
if (programs.length === 0) {
  Deno.test({
    name: "the one-file program (skipped: $IH_MINER_PROGRAMS names none; run deno task test:program)",
    ignore: true,
    fn: () => {},
  });
}

const hasStrace = await new Deno.Command("strace", { args: ["--version"] }).output()
  .then(({ success }) => success, () => false);

interface Stage extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly rig: Rig;
  /** The folder the program runs in. */
  readonly empty: string;
  /** What the self-extracting form unpacks to. */
  readonly cache: string;
  run(args: readonly string[], options?: RunOptions): Promise<Run>;
  nextWindow(): void;
}

interface RunOptions {
  /** Words before the program. */
  readonly under?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function stage(program: string): Promise<Stage> {
  const start = 7_500_000;
  const { firstBlock } = windowAt(start, epochStart(NETUID, TEMPO, start));
  const simulator = await startSimulator({ startBlock: firstBlock + 5, timestamps: "clock" });
  const { chain } = simulator;
  setUpMarket(chain, firstBlock - 20);
  publishPrices(chain, "0.5", firstBlock - 3);
  const rig = await setUpRig({ chainUrl: simulator.url });
  chain.registerNeuron(NETUID, { hotkey: rig.hotkey });
  const empty = await Deno.makeTempDir();
  // One for all tests of a program: unpacking takes seconds.
  const cache = `${resolve(program)}.cache`;
  return {
    simulator,
    rig,
    empty,
    cache,
    run: async (args, { under = [], env = {} } = {}) => {
      const [command, ...rest] = [...under, resolve(program), ...args];
      const { code, stdout, stderr } = await new Deno.Command(command!, {
        args: rest,
        cwd: empty,
        clearEnv: true,
        env: { HOME: "", PATH: "", IH_MINER_CACHE: cache, ...env },
        stdin: "null",
      }).output();
      const text = new TextDecoder();
      return { code, out: text.decode(stdout), err: text.decode(stderr) };
    },
    nextWindow: () => {
      const { lastBlock } = windowAt(chain.head.number, epochStart(NETUID, TEMPO, chain.head.number));
      chain.setHead(lastBlock + 4);
    },
    [Symbol.asyncDispose]: async () => {
      await simulator.close();
      await Deno.remove(rig.folder, { recursive: true });
      await Deno.remove(empty, { recursive: true });
    },
  };
}

for (const program of programs) {
  const name = basename(program);

  Deno.test(`${name} --version names version, commit and date`, async () => {
    await using at = await stage(program);
    const { code, out, err } = await at.run(["--version"]);
    assert.equal(code, 0, err);
    const build =
      /^ih-miner (\S+) \((commit [0-9a-f]{12}(-modified)? of \d{4}-\d\d-\d\d|built outside git)\)\n$/;
    assert.equal(build.exec(out)?.[1], VERSION, out);
  });

  Deno.test(`${name} alone publishes the bid, computes the auction and updates the proxy's file`, async () => {
    await using at = await stage(program);
    const published = await at.run([at.rig.configPath, "--once", "commitment"]);
    assert.equal(published.code, 0, published.err);
    assert.equal(JSON.parse(published.out).action, "published");
    at.nextWindow();
    const auction = await at.run([at.rig.configPath, "--once", "auction"]);
    assert.equal(auction.code, 0, auction.err);
    const { won_hashrate_ph, routing } = JSON.parse(auction.out);
    assert.ok(won_hashrate_ph > 0);
    assert.equal(routing.reload, "touched");
    const pools = await Deno.readTextFile(at.rig.poolsPath);
    assert.ok(pools.includes(`target_hashrate = "${won_hashrate_ph * 1000}TH/s"`), pools);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(at.empty)), []);
  });

  Deno.test(`${name} computes a saved auction again, and checks a host`, async () => {
    await using at = await stage(program);
    const saved = join(at.rig.folder, "auction.json");
    const auction = await at.run([at.rig.configPath, "--once", "auction", "--save-snapshot", saved]);
    assert.equal(auction.code, 0, auction.err);
    const replay = await at.run(["replay", saved]);
    assert.equal(replay.code, 0, replay.err);
    assert.deepEqual(JSON.parse(replay.out).winners, JSON.parse(auction.out).winners);
    const check = await at.run(["check", at.rig.configPath]);
    assert.equal(check.code, 0, check.out);
    assert.match(check.out, /^ok +registration/m);
  });

  Deno.test(`${name} ends with 2 where the configuration is missing`, async () => {
    await using at = await stage(program);
    const { code, out } = await at.run(["--once", "auction"]);
    assert.equal(code, 2);
    assert.match(JSON.parse(out).error.message, /config\.toml/);
  });

  const isScript = (await Deno.readFile(program))[0] !== 0x7f;
  // Each form can be watched in one way: the compiled base knows no audit, a script needs its tools.
  Deno.test({
    name: `${name} uses the rights it is documented to use, by Deno's own audit`,
    ignore: !isScript,
    fn: async () => {
      await using at = await stage(program);
      const audit = join(at.rig.folder, "audit.jsonl");
      const { code, err } = await at.run([at.rig.configPath, "--once", "auction"], {
        env: { DENO_AUDIT_PERMISSIONS: audit },
      });
      assert.equal(code, 0, err);
      const used = (await Deno.readTextFile(audit)).trim().split("\n").map((line) => JSON.parse(line));
      assert.ok(used.some(({ permission }) => permission === "net"));
      for (const { permission, value } of used) {
        // Without a value: a worker's rights are derived from the whole.
        const isDerived = value === null && ["net", "read", "write"].includes(permission);
        assert.ok(isDerived || isDocumented(permission, String(value), at), `${permission} ${value}`);
      }
    },
  });

  const reason = hasStrace ? "" : " (skipped: no strace here)";
  Deno.test({
    name: `${name} touches no other file and no other host, by strace${reason}`,
    ignore: !hasStrace || isScript,
    fn: async () => {
      await using at = await stage(program);
      for (const job of ["commitment", "auction"]) {
        const trace = join(at.rig.folder, "strace");
        const under = ["/usr/bin/strace", "-f", "-qq", "-o", trace, "-e", "trace=%file,connect"];
        const { code, err } = await at.run([at.rig.configPath, "--once", job], { under });
        assert.equal(code, 0, err);
        const calls = (await Deno.readTextFile(trace)).split("\n").filter((line) => !line.includes("ENOENT"));
        const paths = calls.flatMap((line) => /^\d+ +\w+\((?:[\w-]+, )?"([^"]+)"/.exec(line)?.[1] ?? []);
        assert.ok(paths.includes(at.rig.configPath));
        for (const path of paths) assert.ok(isOurs(path, at) || isSystems(path, program), `${job}: ${path}`);
        const hosts = calls.flatMap((line) =>
          /connect\(.*sin6?_port=htons\((\d+)\).*?"([^"]+)"/.exec(line)?.slice(1, 3) ?? []
        );
        assert.deepEqual([...new Set(hosts)], [new URL(at.simulator.url).port, "127.0.0.1"]);
      }
    },
  });
}

function isDocumented(permission: string, value: string, at: Stage): boolean {
  switch (permission) {
    case "env":
      return (ENVIRONMENT_NAMES as readonly string[]).includes(value);
    case "net":
      return [at.simulator.url, `${at.simulator.url}/`, new URL(at.simulator.url).host].includes(value);
    case "read":
    case "write":
      return isOurs(value.replace(/^file:\/\//, ""), at);
    default:
      return false;
  }
}

/** The operator's files, and the private folders of jobs. */
function isOurs(path: string, { rig, empty, cache }: Stage): boolean {
  const folders = [rig.folder, empty, cache];
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`)) ||
    /^\/tmp(\/ih-miner-[0-9a-f]+(\/\w+)?)?$/.test(path) || rig.folder.startsWith(`${path}/`) ||
    path === "/tmp" ||
    // Relative to a job's folder.
    path === "alive";
}

/** What the C library and V8 look at before the program begins. */
function isSystems(path: string, program: string): boolean {
  return path === resolve(program) ||
    /^\/(lib|lib64|usr\/lib|usr\/share\/(locale|zoneinfo)|proc|sys\/fs\/cgroup|sys\/devices\/system\/cpu)(\/|$)/
      .test(path) ||
    ["/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/localtime", "/dev/urandom", "/dev/null", "."].includes(
      path,
    );
}
