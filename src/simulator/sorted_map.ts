/**
 * A persistent (immutable, structure-sharing) map from hex text to hex text in ascending key order.
 *
 * Every block of the simulated chain keeps its whole storage as one such map: a change costs a handful of
 * new nodes, an old block costs nothing, and a reorganisation is a matter of taking another root.
 *
 * @module
 */

interface Node {
  readonly key: string;
  readonly value: string;
  readonly priority: number;
  readonly left: Node | null;
  readonly right: Node | null;
}

/** A treap: keys in search order, priorities (a hash of the key, so the shape is deterministic) in heap order. */
export class SortedMap {
  /** The map without entries. */
  static readonly empty: SortedMap = new SortedMap(null);

  readonly #root: Node | null;

  private constructor(root: Node | null) {
    this.#root = root;
  }

  /** The value at `key`, or `undefined`. */
  get(key: string): string | undefined {
    let node = this.#root;
    while (node !== null) {
      if (key === node.key) return node.value;
      node = key < node.key ? node.left : node.right;
    }
    return undefined;
  }

  /** A map with `value` at `key`; this one is unchanged. */
  set(key: string, value: string): SortedMap {
    return new SortedMap(insert(this.#root, key, value));
  }

  /** A map without `key`; this one is unchanged. */
  delete(key: string): SortedMap {
    return this.get(key) === undefined ? this : new SortedMap(remove(this.#root, key));
  }

  /** The keys that begin with `prefix` and are greater than `after`, ascending. */
  *keys(prefix: string = "", after: string = ""): Generator<string> {
    const start = after > prefix ? after : prefix;
    for (const key of ascend(this.#root, start)) {
      if (!key.startsWith(prefix)) return;
      if (after === "" || key > after) yield key;
    }
  }
}

function priorityOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  // FNV-1a alone keeps too much order between keys that differ in their last digits only.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

function insert(node: Node | null, key: string, value: string): Node {
  if (node === null) return { key, value, priority: priorityOf(key), left: null, right: null };
  if (key === node.key) return { ...node, value };
  if (key < node.key) {
    const left = insert(node.left, key, value);
    return left.priority > node.priority
      ? { ...left, right: { ...node, left: left.right } }
      : { ...node, left };
  }
  const right = insert(node.right, key, value);
  return right.priority > node.priority
    ? { ...right, left: { ...node, right: right.left } }
    : { ...node, right };
}

function remove(node: Node | null, key: string): Node | null {
  if (node === null) return null;
  if (key === node.key) return merge(node.left, node.right);
  return key < node.key
    ? { ...node, left: remove(node.left, key) }
    : { ...node, right: remove(node.right, key) };
}

function merge(left: Node | null, right: Node | null): Node | null {
  if (left === null) return right;
  if (right === null) return left;
  return left.priority > right.priority
    ? { ...left, right: merge(left.right, right) }
    : { ...right, left: merge(left, right.left) };
}

function* ascend(node: Node | null, from: string): Generator<string> {
  if (node === null) return;
  if (node.key >= from) {
    yield* ascend(node.left, from);
    yield node.key;
  }
  yield* ascend(node.right, from);
}
