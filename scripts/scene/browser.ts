/**
 * A headless Chromium, driven by its own protocol: enough to look at a page, nothing to install.
 *
 * @module
 */

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome"];
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];

/** How a page is looked at. */
export interface View {
  readonly width: number;
  readonly height: number;
  readonly scheme: "light" | "dark";
  /** @default true */
  readonly javascript?: boolean;
}

/** The program, or `null` where there is none. */
export async function findChromium(): Promise<string | null> {
  for (const name of PROGRAMS) {
    try {
      const { success } = await new Deno.Command(name, {
        args: ["--version"],
        stdout: "null",
        stderr: "null",
      }).output();
      if (success) return name;
    } catch {
      // Not installed under this name.
    }
  }
  return null;
}

/** One browser with one page. */
export class Browser implements AsyncDisposable {
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  /** Errors and messages of the page's console, refused requests among them. */
  readonly complaints: string[] = [];
  #nextId = 1;
  #session: string | undefined;
  #onLoad: () => void = () => {};

  private constructor(
    private readonly child: Deno.ChildProcess,
    private readonly profile: string,
    private readonly socket: WebSocket,
  ) {
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
  }

  /** Starts the program. */
  static async start(program: string): Promise<Browser> {
    const profile = await Deno.makeTempDir({ prefix: "ih-miner-browser-" });
    const child = new Deno.Command(program, {
      args: [...FLAGS, `--user-data-dir=${profile}`, "about:blank"],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const socket = new WebSocket(await debuggerUrl(child));
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    const browser = new Browser(child, profile, socket);
    const { targetId } = await browser.#send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await browser.#send("Target.attachToTarget", { targetId, flatten: true });
    browser.#session = sessionId;
    for (const domain of ["Page", "Runtime", "Log"]) await browser.#send(`${domain}.enable`);
    return browser;
  }

  /** Opens a page and waits until it has loaded. */
  async open(url: string, { width, height, scheme, javascript = true }: View): Promise<void> {
    const metrics = { width, height, deviceScaleFactor: 1, mobile: width < 600 };
    await this.#send("Emulation.setDeviceMetricsOverride", metrics);
    const features = [{ name: "prefers-color-scheme", value: scheme }];
    await this.#send("Emulation.setEmulatedMedia", { features });
    await this.#send("Emulation.setScriptExecutionDisabled", { value: !javascript });
    const loaded = new Promise<void>((resolve) => this.#onLoad = resolve);
    await this.#send("Page.navigate", { url });
    await loaded;
  }

  /** The value of an expression in the page; also where the page's own scripts are switched off. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result } = await this.#send("Runtime.evaluate", {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    return result.value;
  }

  /** The page as PNG, all of it or its upper part of the given height in pixels. */
  async screenshot(height?: number): Promise<Uint8Array> {
    const { cssContentSize } = await this.#send("Page.getLayoutMetrics");
    const clip = {
      x: 0,
      y: 0,
      width: cssContentSize.width,
      height: height ?? cssContentSize.height,
      scale: 1,
    };
    const { data } = await this.#send("Page.captureScreenshot", { clip, captureBeyondViewport: true });
    return Uint8Array.fromBase64(data);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.socket.onclose = resolve);
    this.#session = undefined;
    this.#send("Browser.close").catch(() => {});
    await this.child.status;
    this.socket.close();
    await closed;
    await Deno.remove(this.profile, { recursive: true });
  }

  // deno-lint-ignore no-explicit-any -- answers are read by name
  #send(method: string, params: object = {}): Promise<any> {
    const id = this.#nextId++;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.socket.send(JSON.stringify({ id, method, params, sessionId: this.#session }));
    return answer.promise;
  }

  // deno-lint-ignore no-explicit-any -- messages are read by name
  #receive(message: any): void {
    if (message.id !== undefined) {
      const answer = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error === undefined) answer?.resolve(message.result);
      else answer?.reject(new Error(message.error.message));
      return;
    }
    if (message.method === "Page.loadEventFired") this.#onLoad();
    if (message.method === "Log.entryAdded") this.complaints.push(message.params.entry.text);
    if (message.method === "Runtime.exceptionThrown") {
      this.complaints.push(message.params.exceptionDetails.text);
    }
  }
}

async function debuggerUrl(child: Deno.ChildProcess): Promise<string> {
  let text = "";
  const found = Promise.withResolvers<string>();
  // Read to the end, or the program would block on a full pipe.
  (async () => {
    for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const [, url] = /DevTools listening on (ws:\S+)/.exec(text) ?? [];
      if (url !== undefined) found.resolve(url);
    }
    found.reject(new Error(`Chromium ended: ${text}`));
  })();
  return await found.promise;
}
