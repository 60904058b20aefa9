/**
 * Small changes to valid samples: most of what goes wrong in the field is a sample that was cut, glued, repeated, or edited by
 * hand, and such a text gets further into a parser than random bytes do.
 *
 * @module
 */

import fc from "fast-check";

/** One change. Places are fractions of the length, so that they shrink towards the beginning. */
interface Mutation<Piece> {
  readonly kind: "insert" | "remove" | "replace" | "repeat" | "cut";
  readonly at: number;
  readonly length: number;
  readonly piece: Piece;
}

const KINDS = ["insert", "remove", "replace", "repeat", "cut"] as const;

/**
 * Texts with up to `most` changes each.
 *
 * @param pieces what may come into a text, such as the signs of its grammar.
 */
export function mutatedText(
  samples: fc.Arbitrary<string>,
  pieces: readonly string[],
  most = 4,
): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...pieces) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 4 }) },
  );
  return fc.tuple(samples, mutations(piece, most)).map(([sample, changes]) =>
    changes.reduce((text, change) => mutate(text, change, (...parts) => parts.join("")), sample)
  );
}

/** {@linkcode mutatedText} for bytes. */
export function mutatedBytes(
  samples: fc.Arbitrary<Uint8Array>,
  pieces: readonly Uint8Array[] = [],
  most = 4,
): fc.Arbitrary<Uint8Array> {
  const random = fc.uint8Array({ maxLength: 4 });
  const piece = pieces.length === 0 ? random : fc.oneof(random, fc.constantFrom(...pieces));
  return fc.tuple(samples, mutations(piece, most)).map(([sample, changes]) =>
    changes.reduce(
      (bytes, change) =>
        mutate(bytes, change, (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]))),
      sample,
    )
  );
}

function mutations<Piece>(piece: fc.Arbitrary<Piece>, most: number): fc.Arbitrary<Mutation<Piece>[]> {
  const mutation = fc.record({
    kind: fc.constantFrom(...KINDS),
    at: fc.nat(9999).map((place) => place / 10_000),
    length: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.nat(40) }),
    piece,
  });
  return fc.array(mutation, { maxLength: most });
}

interface Sequence<S> {
  readonly length: number;
  slice(start: number, end?: number): S;
}

function mutate<S extends Sequence<S>>(
  sample: S,
  { kind, at, length, piece }: Mutation<S>,
  join: (...parts: S[]) => S,
): S {
  const start = Math.floor(at * (sample.length + 1));
  const [head, part, tail] = [
    sample.slice(0, start),
    sample.slice(start, start + length),
    sample.slice(start + length),
  ];
  switch (kind) {
    case "insert":
      return join(head, piece, part, tail);
    case "remove":
      return join(head, tail);
    case "replace":
      return join(head, piece, tail);
    case "repeat":
      return join(head, part, part, tail);
    case "cut":
      return head;
  }
}
