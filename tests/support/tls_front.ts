/** A TLS server in front of a plain one, with a certificate of its own. */
export interface TlsFront extends AsyncDisposable {
  /** `localhost:PORT` */
  readonly host: string;
  /** The certificate to trust, for `DENO_CERT`. */
  readonly certificatePath: string;
}

/**
 * Puts TLS in front of a port of 127.0.0.1, with a certificate that is valid from now on for a week.
 *
 * @param folder where the certificate is put.
 * @param env for `openssl`, whose clock says when "now" is.
 * @throws {Deno.errors.NotFound} without `openssl`.
 */
export async function openTlsFront(
  port: number,
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<TlsFront> {
  const [keyPath, certificatePath] = [`${folder}/tls-key.pem`, `${folder}/tls-certificate.pem`];
  const { success, stderr } = await new Deno.Command("openssl", {
    args: [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "7"],
      ...["-keyout", keyPath, "-out", certificatePath, "-subj", "/CN=localhost"],
      ...["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"],
    ],
    env,
    stdin: "null",
  }).output();
  if (!success) throw new Error(`openssl failed: ${new TextDecoder().decode(stderr)}`);
  const listener = Deno.listenTls({
    hostname: "127.0.0.1",
    port: 0,
    key: await Deno.readTextFile(keyPath),
    cert: await Deno.readTextFile(certificatePath),
  });
  const serving = (async () => {
    const relays: Promise<void>[] = [];
    // A handshake or a connection that fails is the client's matter.
    for await (const outer of listener) relays.push(relay(outer, port).catch(() => {}));
    await Promise.all(relays);
  })();
  return {
    host: `localhost:${listener.addr.port}`,
    certificatePath,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await serving;
    },
  };
}

/** Relays both ways until one side ends. */
async function relay(outer: Deno.TlsConn, port: number): Promise<void> {
  using client = outer;
  await client.handshake();
  using server = await Deno.connect({ hostname: "127.0.0.1", port });
  await Promise.race([
    client.readable.pipeTo(server.writable),
    server.readable.pipeTo(client.writable),
  ]);
}
