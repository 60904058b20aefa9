import assert from "node:assert/strict";
import { Browser, findChromium, type View } from "../../../scripts/scene/browser.ts";
import { freePort } from "../../../scripts/scene/free_port.ts";
import { ASICS, BRAIINS_VALUES, FakeAgent } from "./fake_agent.ts";

const chromium = await findChromium();
if (chromium === null) {
  // deno-lint-ignore no-console -- the reason of a skip is for whoever runs the tests
  console.log("The browser tests are skipped: no Chromium on the PATH (Debian: chromium)");
}

/** An agent whose page can be opened. */
async function serve(): Promise<{ agent: FakeAgent; url: string }> {
  const agent = new FakeAgent();
  const port = freePort();
  await agent.work();
  for (const [i, cap] of ["0.01", "0.0001", "1", "0.008", "0.014"].entries()) {
    await agent.computeWindow({ number: i + 1, cap });
  }
  const slow = { kind: "slow", message: "It says 0.72 PH/s, ".repeat(3) } as const;
  const silent = { kind: "timeout", message: "It does not answer; ".repeat(3) } as const;
  const [left, middle, right] = ASICS;
  agent.routeAsics({
    miners: [left!, { ...middle!, readingPh: 0.72, countedHashratePh: 0.72, problem: slow }],
    removed: [{ ...right!, found: null, readingPh: null, problem: silent }],
  }, true);
  const { firstBlock, wonHashratePh } = agent.telemetry.report().window!;
  agent.measure({ firstBlock, wonHashratePh });
  const endpoint = "wss://a-rather-long-name-of-an-endpoint.example.org:443";
  agent.observe({ kind: "endpoint-failed", failure: { endpoint, kind: "timeout" } });
  await agent.readSettings(`[http]\nlisten = "127.0.0.1:${port}"\n`);
  return { agent, url: `http://127.0.0.1:${port}/` };
}

const phone: View = { width: 390, height: 844, scheme: "light" };
const laptop: View = { width: 1100, height: 800, scheme: "light" };
/** How much of a card is below the last thing in it. */
const EMPTY_BELOW = `[...document.querySelectorAll("section")].map((card) => {
  const end = Math.max(...[...card.children].map((child) => child.getBoundingClientRect().bottom));
  return { id: card.id, empty: card.getBoundingClientRect().bottom - end, height: card.offsetHeight };
})`;
const desktop: View = { width: 1200, height: 900, scheme: "dark" };

Deno.test({
  name: "The status page fits a phone and a desktop, follows the colour scheme, and complains of nothing",
  ignore: chromium === null,
  fn: async () => {
    const { agent, url } = await serve();
    await using _agent = agent;
    await using browser = await Browser.start(chromium!);
    const pages = new Set<string>();
    for (
      const view of [phone, desktop, { ...phone, scheme: "dark" }, { ...desktop, scheme: "light" }] as const
    ) {
      await browser.open(url, view);
      const page = await browser.evaluate<
        { wide: number; background: string; tallest: number; bars: number; title: string }
      >(
        `({
        wide: document.documentElement.scrollWidth,
        background: getComputedStyle(document.body).backgroundColor,
        tallest: Math.max(...[...document.querySelectorAll("dd, dt, td, p")].map((e) => e.offsetHeight)),
        bars: document.querySelectorAll(".chart rect.won").length,
        title: document.title,
      })`,
      );
      assert.ok(page.wide <= view.width, `${page.wide} of ${view.width}`);
      assert.ok(page.tallest < 140, "a column is too narrow for its text");
      assert.equal(page.bars, 5);
      assert.match(page.title, /PH\/s won · ih-miner/);
      pages.add(`${view.scheme} ${page.background}`);
    }
    assert.equal(pages.size, 2);
    assert.equal(new Set([...pages].map((page) => page.slice(5))).size, 2);
    assert.deepEqual(browser.complaints, []);
  },
});

Deno.test({
  name: "The status page is whole without JavaScript, and loads nothing but itself",
  ignore: chromium === null,
  fn: async () => {
    const { agent, url } = await serve();
    await using _agent = agent;
    await using browser = await Browser.start(chromium!);
    await browser.open(url, { ...phone, javascript: false });
    const text = await browser.evaluate<string>("document.body.innerText");
    for (const part of ["Ready", "InfiniteHash Proxy", "1650TH/s", "2;b;BTC,1.02=0.25:3,0.45:2"]) {
      assert.ok(text.includes(part), part);
    }
    const loaded = await browser.evaluate<string[]>(
      "performance.getEntriesByType('resource').map((e) => e.name)",
    );
    assert.deepEqual(loaded.filter((name) => !name.startsWith("data:")), []);
    assert.deepEqual(browser.complaints, []);
  },
});

Deno.test({
  name: "The status page refreshes itself, and says when it has lost the agent",
  ignore: chromium === null,
  fn: async () => {
    const { agent, url } = await serve();
    await using browser = await Browser.start(chromium!);
    await browser.open(url, desktop);
    agent.telemetry.log.info("Something happened");
    const events = "document.querySelector('#events').innerText";
    assert.doesNotMatch(await browser.evaluate<string>(events), /Something happened/);
    await browser.evaluate("refresh()");
    assert.match(await browser.evaluate<string>(events), /Something happened/);
    assert.deepEqual(browser.complaints, []);

    await agent[Symbol.asyncDispose]();
    await browser.evaluate("refresh()");
    assert.equal(await browser.evaluate("document.body.classList.contains('lost-contact')"), true);
    assert.match(await browser.evaluate<string>("document.title"), /PH\/s won/);
  },
});

Deno.test({
  name: "The status page shows what is delivered beside what was won, and leaves no card alone in its row",
  ignore: chromium === null,
  fn: async () => {
    const { agent, url } = await serve();
    await using _agent = agent;
    await using browser = await Browser.start(chromium!);
    await browser.open(url, laptop);
    const tops = await browser.evaluate<number[]>(
      `[".figures .won", "#delivery"].map((e) => document.querySelector(e).getBoundingClientRect().top)`,
    );
    assert.equal(tops[0], tops[1]);
    const rows = await browser.evaluate<Record<string, number>>(`(() => {
      const widths = {};
      for (const card of document.querySelector(".grid").children) {
        const { top, width } = card.getBoundingClientRect();
        widths[Math.round(top)] = (widths[Math.round(top)] ?? 0) + width + 14;
      }
      return widths;
    })()`);
    const grid = await browser.evaluate<number>("document.querySelector('.grid').clientWidth");
    for (const [top, width] of Object.entries(rows)) {
      assert.ok(Math.abs(width - 14 - grid) < 2, `the row at ${top} is ${width} of ${grid}`);
    }
  },
});

Deno.test({
  name: "The status page stretches no card to twice its content beside three proxies",
  ignore: chromium === null,
  fn: async () => {
    const { agent, url } = await serve();
    await using _agent = agent;
    await using browser = await Browser.start(chromium!);
    const braiins = {
      path: "/etc/braiins/active_profile.toml",
      mode: "braiins",
      values: BRAIINS_VALUES,
    } as const;
    agent.routeProxies([{}, { path: "/etc/ihp-2/pools.toml" }, braiins]);
    await browser.open(url, { width: 1280, height: 900, scheme: "light" });
    const cards = await browser.evaluate<{ id: string; empty: number; height: number }[]>(EMPTY_BELOW);
    assert.ok(cards.length > 8);
    for (const { id, empty, height } of cards) {
      assert.ok(empty < height / 2, `of ${id}, ${empty} of ${height} are empty`);
    }
  },
});
