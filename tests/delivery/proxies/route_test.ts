import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { RoutingError, type RoutingErrorKind } from "../../../src/delivery/proxies/errors.ts";
import { journalPath } from "../../../src/delivery/proxies/journal.ts";
import {
  applyRouting,
  recoverRouting,
  type RoutingDemand,
  type RoutingOptions,
  type RoutingReport,
  type RoutingTarget,
} from "../../../src/delivery/proxies/route.ts";
import { MemoryFiles } from "./memory_files.ts";

const POOLS = `# top
[[pools.main]]
name = "central-proxy" # ours
# the share
weight = 1 # beside

[[pools.main]]
name = "private"
weight = 7
`;
const PATH = "/proxy/pools.toml";
const SENTINEL = "/signals/new/.reload-ihp";
const STATE = "/var/state";
const JOURNAL = journalPath(STATE, PATH);
const TARGET: RoutingTarget = {
  mode: "ihp",
  poolsPath: PATH,
  subnetPoolName: "central-proxy",
  sentinelPath: SENTINEL,
};

function routed(value: string): string {
  return POOLS.replace("weight = 1 #", `target_hashrate = "${value}" #`);
}

function won(count: number): RoutingDemand {
  return { wonSizes: Array<string>(count).fill("0.45"), lostSizes: [] };
}

function disk(content = POOLS): MemoryFiles {
  const files = new MemoryFiles(PATH);
  for (const folder of ["/proxy", "/var"]) files.folders.add(folder);
  files.setText(PATH, content);
  return files;
}

function options(files: MemoryFiles, nowMs = 1000): RoutingOptions {
  return { stateDirectory: STATE, dryRun: false, nowMs, files };
}

async function rejects(run: Promise<unknown>, kind: RoutingErrorKind, message: RegExp): Promise<void> {
  await assert.rejects(run, (error) => {
    assert.ok(error instanceof RoutingError, String(error));
    assert.equal(error.name, "RoutingError");
    assert.equal(error.kind, kind);
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("applyRouting() writes the file, touches the sentinel and leaves no journal", async () => {
  const files = disk();
  const report = await applyRouting(TARGET, won(1), options(files));
  assert.equal(files.text(PATH), routed("450TH/s"));
  assert.equal(files.timesMs.get(SENTINEL), 1000);
  assert.deepEqual([...files.contents.keys()].sort(), [PATH, SENTINEL].sort());
  assert.deepEqual(
    report,
    {
      mode: "ihp",
      path: PATH,
      dryRun: false,
      recovered: { outcome: "none", keptPath: null },
      changed: true,
      skipped: null,
      values: [
        { key: 'pools.main[0] "central-proxy" target_hashrate', previous: null, value: "450TH/s" },
        { key: 'pools.main[0] "central-proxy" weight', previous: 1, value: null },
      ],
      identities: [{ place: 'pools.main[0] "central-proxy"', key: "worker_id", workerId: null }],
      diff: `--- ${PATH}
+++ ${PATH}
@@ -2,7 +2,7 @@
 [[pools.main]]
 name = "central-proxy" # ours
 # the share
-weight = 1 # beside
+target_hashrate = "450TH/s" # beside
` + ` 
 [[pools.main]]
 name = "private"
`,
      reload: "touched",
      sentinelPath: SENTINEL,
      reloadPendingSinceMs: null,
      reloadError: null,
    } satisfies RoutingReport,
  );
  JSON.stringify(report);
});

Deno.test("applyRouting() journals before it writes, and signals after the file is on the disk", async () => {
  const files = disk();
  await applyRouting(TARGET, won(1), options(files));
  const at = (call: string, from = 0): number => {
    const index = files.calls.indexOf(call, from);
    assert.ok(index >= 0, `${call} is missing`);
    return index;
  };
  const steps = [
    at(`sync ${JOURNAL}.tmp`),
    at(`rename ${JOURNAL}`),
    at(`syncFolder ${STATE}`),
    at(`write ${PATH}`),
  ];
  steps.push(at(`truncate ${PATH}`), at(`sync ${PATH}`));
  steps.push(at(`rename ${JOURNAL}`, steps.at(-1)), at(`setTimes ${SENTINEL}`), at(`remove ${JOURNAL}`));
  assert.deepEqual(steps, steps.toSorted((a, b) => a - b));
  assert.ok(at(`makeFolder /signals/new`) > at(`sync ${PATH}`));
});

Deno.test("applyRouting() writes nothing at all when the file is right", async () => {
  const files = disk(routed("450TH/s"));
  const report = await applyRouting(TARGET, won(1), options(files));
  assert.deepEqual(files.calls, []);
  assert.deepEqual([report.changed, report.reload, report.diff], [false, "not-needed", ""]);
});

Deno.test("applyRouting() with dryRun writes nothing and reports what it would do", async () => {
  const files = disk();
  const report = await applyRouting(TARGET, won(2), { ...options(files), dryRun: true });
  assert.deepEqual(files.calls, []);
  assert.deepEqual([report.changed, report.reload, report.dryRun], [true, "would-touch", true]);
  assert.match(report.diff, /^\+target_hashrate = "900TH\/s" # beside$/m);
});

Deno.test("applyRouting() routes braiins by won and lost", async () => {
  const goal = (name: string, weight: number): string =>
    `[[routing.goal]]\nname = "${name}"\nhr_weight = ${weight}\n`;
  const profile = (subnet: number, rest: number): string =>
    `[[routing]]\n${goal("InfiniteHashLuxorGoal", subnet)}${goal("MinerDefaultGoal", rest)}`;
  const files = disk(profile(1, 9));
  const target: RoutingTarget = { mode: "braiins", profilePath: PATH, sentinelPath: SENTINEL };
  const report = await applyRouting(target, { wonSizes: ["0.1"], lostSizes: ["0.3"] }, options(files));
  assert.equal(files.text(PATH), profile(2 ** 30, 3 * 2 ** 30));
  assert.equal(report.reload, "touched");
  const idle = await applyRouting(target, { wonSizes: [], lostSizes: [] }, options(files));
  assert.deepEqual([idle.changed, idle.skipped, idle.reload], [false, "no-hashrate", "not-needed"]);
});

Deno.test("applyRouting() refuses a file it cannot route by, and leaves it and the state folder alone", async () => {
  const cases: [string, RoutingErrorKind, RegExp][] = [
    [
      "[[pools.main]\n",
      "unparsable",
      /^Cannot route in \/proxy\/pools\.toml: line 1, column \d+: .+; correct the file$/,
    ],
    ["[server]\n", "no-pool", /no \[\[pools\.main\]\] is named "central-proxy"/],
  ];
  for (const [content, kind, message] of cases) {
    const files = disk(content);
    await rejects(applyRouting(TARGET, won(1), options(files)), kind, message);
    assert.deepEqual(files.calls, []);
  }
  const files = disk();
  files.contents.set(PATH, new Uint8Array([0x23, 0xff, 0x0a]));
  await rejects(applyRouting(TARGET, won(1), options(files)), "unparsable", /not UTF-8 text/);
  files.contents.delete(PATH);
  await rejects(
    applyRouting(TARGET, won(1), options(files)),
    "missing",
    /Cannot read \/proxy\/pools\.toml: there is no/,
  );
  await rejects(
    applyRouting({ ...TARGET, poolsPath: "/proxy" } as RoutingTarget, won(1), options(files)),
    "not-a-file",
    /it is a folder/,
  );
});

Deno.test("applyRouting() keeps a failed reload pending, across runs, until the sentinel is touched", async () => {
  let files = disk();
  const deny = (call: string): void => {
    if (call.endsWith(SENTINEL)) throw new Deno.errors.PermissionDenied("Permission denied (os error 13)");
  };
  files.before = deny;
  const first = await applyRouting(TARGET, won(1), options(files, 1000));
  assert.deepEqual(
    [first.changed, first.reload, first.reloadPendingSinceMs, first.reloadError],
    [true, "pending", 1000, "Permission denied (os error 13)"],
  );
  assert.equal(JSON.parse(files.text(JOURNAL)!).path, PATH);

  files = files.restart();
  files.before = deny;
  const second = await applyRouting(TARGET, won(1), options(files, 2000));
  assert.deepEqual([second.changed, second.reload, second.reloadPendingSinceMs], [false, "pending", 1000]);
  const third = await applyRouting(TARGET, won(2), options(files, 3000));
  assert.deepEqual([third.changed, third.reload, third.reloadPendingSinceMs], [true, "pending", 1000]);
  const rehearsal = await applyRouting(TARGET, won(2), { ...options(files), dryRun: true });
  assert.deepEqual([rehearsal.changed, rehearsal.reload], [false, "would-touch"]);

  files = files.restart();
  const fourth = await applyRouting(TARGET, won(2), options(files, 4000));
  assert.deepEqual([fourth.changed, fourth.reload, fourth.reloadPendingSinceMs], [false, "touched", null]);
  assert.equal(files.timesMs.get(SENTINEL), 4000);
  assert.equal((await applyRouting(TARGET, won(2), options(files))).reload, "not-needed");
});

Deno.test("recoverRouting() gives a pending reload without a new decision", async () => {
  let files = disk();
  files.before = (call): void => {
    if (call.endsWith(SENTINEL)) throw new Error("no");
  };
  await applyRouting(TARGET, won(1), options(files));
  files = files.restart();
  assert.equal((await recoverRouting(TARGET, { ...options(files), dryRun: true })).reload, "would-touch");
  assert.deepEqual(files.calls, []);
  assert.equal((await recoverRouting(TARGET, options(files))).reload, "touched");
  assert.equal((await recoverRouting(TARGET, options(files))).reload, "not-needed");
});

Deno.test("applyRouting() puts the old content back when the disk is full", async () => {
  const files = disk(routed("450TH/s"));
  // The file can be written where it stands, but cannot grow.
  const open = files.open.bind(files);
  files.open = async (path, flags) => {
    const file = await open(path, flags);
    if (path !== PATH) return file;
    const room = routed("450TH/s").length;
    let written = 0;
    return {
      ...file,
      write: async (bytes): Promise<number> => {
        if (written >= room) throw new Error("No space left on device (os error 28)");
        const count = await file.write(bytes.subarray(0, room - written));
        written += count;
        return count;
      },
    };
  };
  await rejects(
    applyRouting(TARGET, won(3), options(files)),
    "write-failed",
    /No space left on device.*it has its previous content; free space/,
  );
  assert.equal(files.text(PATH), routed("450TH/s"));
  assert.equal(files.contents.has(JOURNAL), false);
  assert.equal(files.contents.has(SENTINEL), false);
});

Deno.test("applyRouting() names the remedy for a file or state folder that it may not write", async () => {
  const files = disk();
  const deny = (path: string) => (call: string): void => {
    if (call.endsWith(path)) throw new Deno.errors.PermissionDenied("Permission denied (os error 13)");
  };
  files.before = deny(`open ${PATH}`);
  await rejects(
    applyRouting(TARGET, won(1), options(files)),
    "not-writable",
    /Cannot write \/proxy\/pools\.toml: .*it has its previous content; make it writable/,
  );
  assert.equal(files.contents.has(JOURNAL), false);
  files.before = deny(STATE);
  await rejects(applyRouting(TARGET, won(1), options(files)), "state-folder", /see \[state\] directory/);
  assert.equal(files.text(PATH), POOLS);
});

Deno.test("applyRouting() repeats its edit after a concurrent edit by the operator", async () => {
  const files = disk();
  files.before = (call): void => {
    if (call === `rename ${JOURNAL}` && files.text(PATH) === POOLS) {
      files.setText(PATH, "# operator\n" + POOLS);
    }
  };
  const report = await applyRouting(TARGET, won(1), options(files));
  assert.equal(files.text(PATH), "# operator\n" + routed("450TH/s"));
  assert.equal(report.reload, "touched");
});

Deno.test("applyRouting() gives up on a file that changes all the time, and leaves it", async () => {
  const files = disk();
  files.before = (call): void => {
    if (call === `rename ${JOURNAL}`) files.setText(PATH, files.text(PATH) + "# again\n");
  };
  await rejects(
    applyRouting(TARGET, won(1), options(files)),
    "changed-meanwhile",
    /find out which other program/,
  );
  assert.match(files.text(PATH)!, /weight = 1[\s\S]*# again\n$/);
  assert.equal(files.contents.has(JOURNAL), false);
});

const CHANGES: [string, string, RoutingDemand][] = [
  [POOLS, routed("450TH/s"), won(1)],
  [routed("3150TH/s"), routed("0TH/s"), won(0)],
  [routed("450TH/s"), routed("900TH/s"), won(2)],
];

/** Runs routing and dies after each amount of work in turn; `check` gets what is left. */
async function forEachCrash(
  check: (crashed: MemoryFiles, before: string, after: string, demand: RoutingDemand) => Promise<void>,
): Promise<number> {
  let crashes = 0;
  for (const [before, after, demand] of CHANGES) {
    for (let fuel = 1;; fuel++) {
      const files = disk(before).restart(fuel);
      if (await applyRouting(TARGET, demand, options(files)).then(() => true, () => false)) break;
      crashes++;
      await check(files, before, after, demand);
    }
  }
  // Every byte of three writes, and every call around them.
  assert.ok(crashes > 3 * POOLS.length, String(crashes));
  return crashes;
}

Deno.test("recoverRouting() leaves old or new content after a crash at any point, and gives the reload", async () => {
  const seen = new Set<string>();
  await forEachCrash(async (crashed, before, after) => {
    const files = crashed.restart();
    const left = files.text(PATH);
    const { recovered, reload } = await recoverRouting(TARGET, options(files));
    seen.add(recovered.outcome);
    assert.equal(files.text(PATH), left === before ? before : after);
    if (left !== before) assert.ok(reload === "touched" || crashed.contents.has(SENTINEL));
    assert.equal(files.contents.has(JOURNAL), false);
  });
  assert.deepEqual([...seen].sort(), ["completed", "finished", "none", "not-started"]);
});

Deno.test("applyRouting() routes and reloads after a crash at any point, also to another demand", async () => {
  await forEachCrash(async (crashed, _before, after, demand) => {
    const same = crashed.restart();
    await applyRouting(TARGET, demand, options(same));
    assert.equal(same.text(PATH), after);
    assert.ok(same.contents.has(SENTINEL));
    assert.equal(same.contents.has(JOURNAL), false);
    const other = crashed.restart();
    other.contents.delete(SENTINEL);
    await applyRouting(TARGET, won(5), options(other));
    assert.equal(other.text(PATH), routed("2250TH/s"));
    assert.ok(other.contents.has(SENTINEL));
  });
});

Deno.test("applyRouting() with dryRun after a crash at any point changes nothing", async () => {
  await forEachCrash(async (crashed, before, after, demand) => {
    const files = crashed.restart();
    const disk = files.snapshot();
    const report = await applyRouting(TARGET, demand, { ...options(files), dryRun: true });
    assert.deepEqual(files.snapshot(), disk);
    assert.equal(report.changed, files.text(PATH) === before);
    if (files.text(PATH) === after && !files.contents.has(SENTINEL)) {
      assert.equal(report.reload, "would-touch");
    }
  });
});

Deno.test("recoverRouting() never overwrites an operator's edit made after a crash at any point", async () => {
  const mine = "[[pools.main]]\nname = 'central-proxy'\nweight = 3 # mine\n";
  await forEachCrash(async (crashed, before, after, demand) => {
    for (const edit of [mine, "# operator\n" + before, after + "# operator\n", ""]) {
      const files = crashed.restart();
      files.setText(PATH, edit);
      const { recovered, reload } = await recoverRouting(TARGET, options(files));
      assert.equal(files.text(PATH), edit);
      if (recovered.outcome === "operators-edit") assert.equal(reload, "touched");
      else assert.equal(recovered.outcome, "none");
    }
    const files = crashed.restart();
    files.setText(PATH, mine);
    await applyRouting(TARGET, demand, options(files));
    assert.match(
      files.text(PATH)!,
      /^\[\[pools\.main\]\]\nname = 'central-proxy'\ntarget_hashrate = "\d+TH\/s" # mine\n$/,
    );
  });
});

Deno.test("recoverRouting() survives a crash of its own", async () => {
  let count = 0;
  await forEachCrash(async (crashed, before, after) => {
    if (count++ % 7 !== 0) return;
    for (let fuel = 1;; fuel += 3) {
      const again = crashed.restart(fuel);
      const isDone = await recoverRouting(TARGET, options(again)).then(() => true, () => false);
      const files = again.restart();
      const { reload } = await recoverRouting(TARGET, options(files));
      assert.equal(files.text(PATH), crashed.text(PATH) === before ? before : after);
      if (files.text(PATH) === after) assert.ok(reload === "touched" || again.contents.has(SENTINEL));
      if (isDone) break;
    }
  });
});

/** A target with a sentinel. */
type SentinelTarget = Extract<RoutingTarget, { mode: "ihp"; sentinelPath: string }>;

/** A real folder, removed afterwards. */
async function inFolder(
  run: (folder: string, target: SentinelTarget, options: RoutingOptions) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "ih-miner-routing-" });
  try {
    const target: SentinelTarget = {
      mode: "ihp",
      poolsPath: join(folder, "pools.toml"),
      subnetPoolName: "central-proxy",
      sentinelPath: join(folder, "signals", ".reload-ihp"),
    };
    await run(folder, target, {
      stateDirectory: join(folder, "state"),
      dryRun: false,
      nowMs: 1_700_000_000_000,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function poolsPathOf(target: RoutingTarget): string {
  assert.ok(target.mode === "ihp");
  return target.poolsPath;
}

Deno.test("applyRouting() keeps inode, mode and line endings of a real file", async () => {
  await inFolder(async (_folder, target, options) => {
    const path = poolsPathOf(target);
    const crlf = "\ufeff" + POOLS.replaceAll("\n", "\r\n");
    await Deno.writeTextFile(path, crlf);
    await Deno.chmod(path, 0o640);
    const before = await Deno.stat(path);
    for (const count of [1, 7, 0]) {
      await applyRouting(target, won(count), options);
      const after = await Deno.stat(path);
      assert.deepEqual([after.ino, after.mode, after.uid], [before.ino, before.mode, before.uid]);
    }
    const content = new TextDecoder("utf-8", { ignoreBOM: true }).decode(await Deno.readFile(path));
    assert.equal(content, crlf.replace("weight = 1 #", 'target_hashrate = "0TH/s" #'));
    assert.equal((await Deno.stat(target.sentinelPath)).mtime?.getTime(), options.nowMs);
  });
});

Deno.test("applyRouting() touches an existing sentinel and keeps its content", async () => {
  await inFolder(async (folder, target, options) => {
    await Deno.writeTextFile(poolsPathOf(target), POOLS);
    await Deno.mkdir(join(folder, "signals"));
    await Deno.writeTextFile(target.sentinelPath, "old");
    await applyRouting(target, won(1), options);
    assert.equal(await Deno.readTextFile(target.sentinelPath), "old");
    assert.equal((await Deno.stat(target.sentinelPath)).mtime?.getTime(), options.nowMs);
  });
});

Deno.test("applyRouting() writes through a symbolic link and leaves it one", async () => {
  await inFolder(async (folder, target, options) => {
    const path = poolsPathOf(target);
    await Deno.writeTextFile(join(folder, "real.toml"), POOLS);
    await Deno.symlink(join(folder, "real.toml"), path);
    await applyRouting(target, won(1), options);
    assert.ok((await Deno.lstat(path)).isSymlink);
    assert.equal(await Deno.readTextFile(join(folder, "real.toml")), routed("450TH/s"));
  });
});

Deno.test("applyRouting() keeps its state to itself: folder 0700, journal 0600", async () => {
  await inFolder(async (folder, target, options) => {
    await Deno.writeTextFile(poolsPathOf(target), POOLS);
    // A file in the place of the sentinel's folder: the touch fails, the journal stays.
    await Deno.writeTextFile(join(folder, "signals"), "");
    const report = await applyRouting(target, won(1), options);
    assert.equal(report.reload, "pending");
    const mode = async (path: string): Promise<number> => (await Deno.stat(path)).mode! & 0o777;
    assert.equal(await mode(options.stateDirectory), 0o700);
    const names = [...Deno.readDirSync(options.stateDirectory)].map(({ name }) => name);
    assert.equal(names.length, 1);
    assert.equal(await mode(join(options.stateDirectory, names[0]!)), 0o600);

    await Deno.remove(join(folder, "signals"));
    const next = await applyRouting(target, won(1), options);
    assert.deepEqual([next.changed, next.reload], [false, "touched"]);
    assert.deepEqual([...Deno.readDirSync(options.stateDirectory)], []);
  });
});

Deno.test("applyRouting() with dryRun makes no state folder", async () => {
  await inFolder(async (folder, target, options) => {
    await Deno.writeTextFile(poolsPathOf(target), POOLS);
    await applyRouting(target, won(1), { ...options, dryRun: true });
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["pools.toml"]);
    assert.equal(await Deno.readTextFile(poolsPathOf(target)), POOLS);
  });
});

Deno.test("applyRouting() writes its journal through no link, and makes no sentinel where a link leads nowhere", async () => {
  await inFolder(async (folder, target, options) => {
    await Deno.writeTextFile(poolsPathOf(target), POOLS);
    const other = join(folder, "other");
    await Deno.writeTextFile(other, "kept");
    await Deno.mkdir(options.stateDirectory, { recursive: true });
    const journal = journalPath(options.stateDirectory, poolsPathOf(target));
    await Deno.symlink(other, `${journal}.tmp`);
    await Deno.mkdir(dirname(target.sentinelPath), { recursive: true });
    await Deno.symlink(join(folder, "nowhere"), target.sentinelPath);
    const report = await applyRouting(target, won(1), options);
    assert.deepEqual([report.changed, report.reload], [true, "pending"]);
    assert.equal(await Deno.readTextFile(other), "kept");
    assert.equal((await Deno.lstat(journal)).isFile, true);
    await assert.rejects(Deno.stat(join(folder, "nowhere")), Deno.errors.NotFound);
  });
});
