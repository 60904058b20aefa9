/**
 * A queue for background work, done one item at a time in order of arrival.
 *
 * @module
 */

/** Options of {@link WorkQueue}. */
export interface WorkQueueOptions<Item> {
  /** Must not reject. */
  readonly work: (item: Item) => Promise<void>;
  /** How many items may wait behind the current one; beyond that the oldest is dropped. */
  readonly maxWaiting: number;
  readonly onDropped: (item: Item) => void;
}

/** A bounded queue that processes its own items. */
export class WorkQueue<Item> {
  readonly #options: WorkQueueOptions<Item>;
  readonly #waiting: Item[] = [];
  /** Resolves when the queue is empty; `null` while it is idle. */
  #working: Promise<void> | null = null;

  constructor(options: WorkQueueOptions<Item>) {
    this.#options = options;
  }

  /** Queues an item; an idle queue starts on it at once. */
  add(item: Item): void {
    this.#waiting.push(item);
    if (this.#working !== null && this.#waiting.length > this.#options.maxWaiting) {
      this.#options.onDropped(this.#waiting.shift()!);
    }
    this.#working ??= this.#workOff();
  }

  /** Removes and returns the waiting items. */
  clear(): Item[] {
    return this.#waiting.splice(0);
  }

  /** Resolves when the queue is idle. */
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
