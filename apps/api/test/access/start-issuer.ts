import { once } from 'node:events';
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

export type Issuer = Disposable & {
  readonly url: string;
  readonly audience: string;
  /** A token with the scope sessions:read and this `exp`. */
  tokenUntil(exp: number): Promise<string>;
};

/** Starts a token issuer with one key on this machine. */
export async function startIssuer(): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const header = { alg: 'ES256', kid: 'one' };
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), ...header, use: 'sig' }] });
  const server = createServer((asked, response) => {
    response.setHeader('Content-Type', 'application/json');
    response.end(asked.url === '/keys' ? jwks : JSON.stringify({ jwks_uri: `${url}/keys` }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const audience = 'phaselock';
  return {
    url,
    audience,
    tokenUntil: (exp) =>
      new SignJWT({ iss: url, aud: audience, sub: 'ada', exp, scope: 'sessions:read' })
        .setProtectedHeader(header)
        .sign(privateKey),
    [Symbol.dispose]: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
