import assert from "node:assert/strict";
import { certificateFailure } from "../../src/lib/certificate_failure.ts";
import { fetchFailure } from "../../src/lib/errors.ts";

/** What Deno 2.6.8 says of a certificate, at this second. */
function early(second: number): string {
  return `invalid peer certificate: certificate not valid yet: verification time ${second} (UNIX), but certificate is ` +
    `not valid before 1795819972 (${1_795_819_972 - second} seconds in future)`;
}

Deno.test("certificateFailure() says that a host's clock in 1970 is wrong, and what to do", () => {
  assert.equal(
    certificateFailure(`NetworkError: failed to connect to WebSocket: ${early(60)}`),
    "its certificate is valid from 2026-11-27 22:52 UTC on, but this host's clock shows about 1970-01-01 00:00 UTC: " +
      "the clock is wrong; wait for time synchronisation, or see timedatectl",
  );
});

Deno.test("certificateFailure() gives the same text for an hour", () => {
  assert.equal(certificateFailure(early(60)), certificateFailure(early(3_599)));
  assert.notEqual(certificateFailure(early(60)), certificateFailure(early(3_600)));
});

Deno.test("certificateFailure() leaves open what is wrong with a certificate that has expired", () => {
  const text =
    "invalid peer certificate: certificate expired: verification time 1803595993 (UNIX), but certificate is " +
    "not valid after 1798411972 (5184021 seconds ago)";
  const said =
    "its certificate was valid until 2026-12-27 22:52 UTC, and this host's clock shows about 2027-02-25 " +
    "22:00 UTC; if the clock is wrong, wait for time synchronisation, or see timedatectl; otherwise its operator has " +
    "to renew the certificate";
  assert.equal(certificateFailure(text), said);
  const thrown = new TypeError(
    `error sending request for url (https://h/secret): client error (Connect): ${text}`,
  );
  assert.equal(fetchFailure(thrown), said);
});

Deno.test("certificateFailure() has no word for anything else", () => {
  for (const text of ["invalid peer certificate: UnknownIssuer", "Connection refused (os error 111)", ""]) {
    assert.equal(certificateFailure(text), null);
  }
});
