/**
 * Answers of HTTP servers that are not what they should be.
 *
 * @module
 */

import fc from "fast-check";

/** What surrounds the text of an answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The body ends with an error after this share of its bytes; `null`: it arrives whole. */
  readonly breaksAt: number | null;
  /** How many bytes come at once. */
  readonly chunkBytes: number;
}

const good: fc.Arbitrary<HttpAnswer> = fc.integer({ min: 1, max: 5000 }).map((chunkBytes) => ({
  status: 200,
  headers: [],
  breaksAt: null,
  chunkBytes,
}));

const odd: fc.Arbitrary<HttpAnswer> = fc.record({
  status: fc.constantFrom(200, 200, 201, 204, 301, 302, 307, 401, 404, 500, 599),
  headers: fc.array(
    fc.oneof(
      fc.tuple(
        fc.constant("location"),
        fc.constantFrom(
          "/x",
          "//other.example/",
          "https://proxy.example/",
          "http://[",
          "",
          "javascript:1",
          "?\u00ff",
        ),
      ),
      fc.tuple(
        fc.constant("date"),
        fc.constantFrom("Thu, 01 Jan 1970 00:00:00 GMT", "x", "", "+275760-09-13"),
      ),
      fc.tuple(fc.constant("content-type"), fc.constantFrom("text/html; charset=utf-16", "")),
    ),
    { maxLength: 2 },
  ),
  breaksAt: fc.option(fc.constantFrom(0, 0.5, 0.9)),
  chunkBytes: fc.integer({ min: 20, max: 5000 }),
});

/** Mostly good ones. */
export const httpAnswer: fc.Arbitrary<HttpAnswer> = fc.oneof(
  { weight: 9, arbitrary: good },
  { weight: 1, arbitrary: odd },
);

/** A `fetch` that always answers with this text. */
export function fetchOf(text: string, { status, headers, breaksAt, chunkBytes }: HttpAnswer): typeof fetch {
  const bytes = new TextEncoder().encode(text);
  const end = Math.floor(bytes.length * (breaksAt ?? 1));
  return () => {
    let at = 0;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => {
        if (at < end) {
          controller.enqueue(bytes.slice(at, Math.min(end, at + Math.max(chunkBytes, bytes.length / 50))));
          at += Math.max(chunkBytes, bytes.length / 50);
        } else if (breaksAt === null) controller.close();
        else controller.error(new TypeError("connection reset"));
      },
    });
    const isEmpty = status === 204;
    return Promise.resolve(
      new Response(isEmpty ? null : body, { status, headers: headers.map((pair) => [...pair]) }),
    );
  };
}
