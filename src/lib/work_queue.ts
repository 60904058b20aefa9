/**
 * Work that is done one piece at a time, in the order it came, while nobody waits for it.
 *
 * @module
 */

/** Options of {@link WorkQueue}. */
export interface WorkQueueOptions<Item> {
  /** Does one piece. Must not reject. */
  readonly work: (item: Item) => Promise<void>;
  /** With so many waiting behind the one under way, the oldest of them is dropped. */
  readonly maxWaiting: number;
  readonly onDropped: (item: Item) => void;
}

/** A queue of bounded length. */
export class WorkQueue<Item> {
  readonly #options: WorkQueueOptions<Item>;
  readonly #waiting: Item[] = [];
  /** Ends when nothing waits any longer; `null` while nothing is under way. */
  #working: Promise<void> | null = null;

  constructor(options: WorkQueueOptions<Item>) {
    this.#options = options;
  }

  /** Queues a piece; begins at once when none is under way. */
  add(item: Item): void {
    this.#waiting.push(item);
    if (this.#working !== null && this.#waiting.length > this.#options.maxWaiting) {
      this.#options.onDropped(this.#waiting.shift()!);
    }
    this.#working ??= this.#workOff();
  }

  /** Forgets what waits, and says what it was. */
  clear(): Item[] {
    return this.#waiting.splice(0);
  }

  /** Resolves when nothing is under way and nothing waits. */
  async settled(): Promise<void> {
    await this.#working;
  }

  async #workOff(): Promise<void> {
    for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) {
      await this.#options.work(item);
    }
    this.#working = null;
  }
}
