import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';

/** A real issuer of OpenID Connect: a server that publishes its configuration and its public key. */
export interface Issuer {
  readonly url: string;
  readonly privateKey: CryptoKey;
  /** Requests so far. */
  readonly asked: () => number;
  /** A JWT of it with these claims besides those of every sound one: for `millrace`, of `ada`, for ten minutes. */
  readonly sign: (claims?: JWTPayload, header?: Record<string, unknown>, key?: CryptoKey | Uint8Array) => Promise<string>;
  readonly close: () => void;
}

export async function startIssuer(): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    response.setHeader('content-type', 'application/json');
    if (request.url === '/.well-known/openid-configuration') {
      response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }));
    } else if (request.url === '/keys') response.end(JSON.stringify({ keys: [jwk] }));
    else response.writeHead(404).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    privateKey,
    asked: () => asked,
    sign(claims = {}, header = {}, key = privateKey) {
      const now = Math.floor(Date.now() / 1000);
      const sound = { iss: url, aud: 'millrace', sub: 'ada', roles: ['viewer'], exp: now + 600, iat: now };
      // A claim that is undefined is left out.
      const payload = JSON.parse(JSON.stringify({ ...sound, ...claims })) as JWTPayload;
      return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'one', ...header }).sign(key);
    },
    close: () => void server.close(),
  };
}
