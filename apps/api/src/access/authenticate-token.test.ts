import { once } from 'node:events';
import { createServer } from 'node:http';
import { PhaselockError } from '@phaselock/core';
import { eventually } from '@phaselock/testkit';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authenticateTokens, IssuerMistake, type TokenAuthenticator } from './authenticate-token.ts';

const AUDIENCE = 'phaselock';
const PROJECT = '01936f6e-0000-7000-8000-000000000001';

let issuer: string;
let ours: CryptoKey;
let publicPem: string;
let tokens: TokenAuthenticator;
const issuerServer = createServer();

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  ours = privateKey;
  publicPem = await exportSPKI(publicKey);
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }] });
  issuerServer.on('request', ({ url }, response) => {
    response.setHeader('Content-Type', 'application/json');
    response.end(url === '/keys' ? jwks : JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }));
  });
  issuerServer.listen(0, '127.0.0.1');
  await once(issuerServer, 'listening');
  const address = issuerServer.address();
  issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  tokens = authenticateTokens({ issuer, audience: AUDIENCE, algorithms: ['ES256'], allProjects: true });
});
afterAll(() => {
  issuerServer.close();
  issuerServer.closeAllConnections();
});

const IN_AN_HOUR = Math.floor(Date.now() / 1_000) + 3_600;
const claims = (more: JWTPayload = {}): JWTPayload => ({
  iss: issuer,
  aud: AUDIENCE,
  sub: 'ada',
  exp: IN_AN_HOUR,
  scope: 'openid sessions:read phaselock:sessions:write',
  ...more,
});
const without = (name: keyof JWTPayload): JWTPayload => {
  const { [name]: _, ...rest } = claims();
  return rest;
};
const signed = (payload: JWTPayload, key: CryptoKey | Uint8Array = ours, header = { alg: 'ES256', kid: 'one' }) =>
  new SignJWT(payload).setProtectedHeader(header).sign(key);

describe('a token of the issuer', () => {
  test('authenticates as its subject, with the scopes that phaselock defines', async () => {
    expect(await tokens.authenticate(await signed(claims()))).toEqual({
      kind: 'token',
      id: 'token:ada',
      name: 'ada',
      scopes: ['sessions:read', 'sessions:write'],
      projectId: null,
    });
  });

  test('is bound to the project of its phaselock_project claim', async () => {
    const caller = await tokens.authenticate(await signed(claims({ phaselock_project: PROJECT })));
    expect(caller?.projectId).toBe(PROJECT);
  });

  test.each([null, '', 'all', 7, [PROJECT], { id: PROJECT }])(
    'is rejected, not valid for all projects, when its project claim is %j',
    async (project) => {
      expect(await tokens.authenticate(await signed(claims({ phaselock_project: project })))).toBeUndefined();
    },
  );

  test('has no scopes when its scope claim is absent or malformed', async () => {
    expect((await tokens.authenticate(await signed(without('scope'))))?.scopes).toEqual([]);
    expect((await tokens.authenticate(await signed(claims({ scope: { admin: true } }))))?.scopes).toEqual([]);
  });
});

describe('a token of an issuer that serves other programs too', () => {
  const shared = () => authenticateTokens({ issuer, audience: AUDIENCE, algorithms: ['ES256'] });

  test('is refused with the name of the missing claim when it has no project', async () => {
    await expect(shared().authenticate(await signed(claims()))).rejects.toMatchObject({
      code: 'forbidden',
      detail: 'the token names no project: it needs the claim phaselock_project',
    });
    await expect(shared().authenticate(await signed(claims({ scope: 'phaselock:admin' })))).rejects.toMatchObject({
      code: 'forbidden',
    });
    const bound = await shared().authenticate(await signed(claims({ phaselock_project: PROJECT })));
    expect(bound?.projectId).toBe(PROJECT);
  });

  test('is rejected as invalid, not for its missing project, when another key signed it', async () => {
    const stranger = await generateKeyPair('ES256');
    expect(await shared().authenticate(await signed(claims(), stranger.privateKey))).toBeUndefined();
  });

  test.each([
    ['admin', []],
    ['openid admin profile', []],
    [['admin'], []],
    ['phaselock:admin', ['admin']],
    ['phaselock:phaselock:admin', []],
    ['Admin PHASELOCK:ADMIN', []],
    ['admin sessions:read', ['sessions:read']],
  ])(
    'with the scope claim %j has the scopes %j, because admin needs the phaselock: prefix',
    async (scope, expected) => {
      expect((await tokens.authenticate(await signed(claims({ scope }))))?.scopes).toEqual(expected);
    },
  );
});

test('a watched token is reported lost when it would be refused: at exp plus the clock tolerance', async () => {
  const clock = { now: Date.now(), looks: 0 };
  const now = (): number => {
    clock.looks += 1;
    return clock.now;
  };
  const authenticator = authenticateTokens(
    { issuer, audience: AUDIENCE, algorithms: ['ES256'], allProjects: true },
    { now, recheckMs: 1 },
  );
  const token = await signed(claims());
  const lost: string[] = [];
  const watch = (name: string) => authenticator.watch(token, { holds: () => true, lost: () => void lost.push(name) });
  watch('was left')();
  watch('a token');

  clock.now = (IN_AN_HOUR + 5) * 1_000 - 1;
  expect(await authenticator.authenticate(token)).toBeDefined();
  const looks = clock.looks;
  await eventually(() => clock.looks > looks + 5);
  expect(lost).toEqual([]);

  clock.now += 1;
  await eventually(() => lost.length > 0);
  expect(await authenticator.authenticate(token)).toBeUndefined();
  expect(lost).toEqual(['a token']);
});

describe('a token is rejected when it is', () => {
  const stranger = generateKeyPair('ES256');
  const rsa = generateKeyPair('RS256');
  test.each<[string, () => Promise<string>]>([
    ['expired', () => signed(claims({ exp: IN_AN_HOUR - 7_200 }))],
    ['not valid yet', () => signed(claims({ nbf: IN_AN_HOUR }))],
    ['without an expiry', () => signed(without('exp'))],
    ['without a subject', () => signed(without('sub'))],
    ['from another issuer', () => signed(claims({ iss: 'https://issuer.example' }))],
    ['without an issuer', () => signed(without('iss'))],
    ['for another audience', () => signed(claims({ aud: 'other' }))],
    ['without an audience', () => signed(without('aud'))],
    ['signed with another private key', async () => signed(claims(), (await stranger).privateKey)],
    ['signed with an unknown key id', () => signed(claims(), ours, { alg: 'ES256', kid: 'two' })],
    [
      'signed with an algorithm that is not allowed',
      async () => signed(claims(), (await rsa).privateKey, { alg: 'RS256', kid: 'one' }),
    ],
    [
      'signed with the public key as an HMAC secret',
      () => signed(claims(), new TextEncoder().encode(publicPem), { alg: 'HS256', kid: 'one' }),
    ],
    ['not signed', async () => new UnsecuredJWT(claims()).encode()],
    [
      'changed after it was signed',
      async () => {
        const [head = '', , signature = ''] = (await signed(claims())).split('.');
        const body = Buffer.from(JSON.stringify(claims({ sub: 'eve' }))).toString('base64url');
        return [head, body, signature].join('.');
      },
    ],
    ['truncated', async () => (await signed(claims())).slice(0, -10)],
    ['malformed', async () => 'a.b.c'],
    ['empty', async () => ''],
  ])('%s', async (_what, make) => {
    expect(await tokens.authenticate(await make())).toBeUndefined();
  });
});

describe('the token issuer', () => {
  test('causes backend_unavailable, not unauthorized, when its keys cannot be fetched', async () => {
    const away = authenticateTokens({ issuer: 'http://127.0.0.1:9', audience: AUDIENCE, algorithms: ['ES256'] });
    await expect(away.authenticate(await signed(claims()))).rejects.toMatchObject({ code: 'backend_unavailable' });
    await expect(away.authenticate(await signed(claims()))).rejects.toBeInstanceOf(PhaselockError);
  });

  test('is a configuration mistake when its keys would come over plain HTTP', async () => {
    const open = authenticateTokens({ issuer: 'http://issuer.example', audience: AUDIENCE, algorithms: ['ES256'] });
    await expect(open.authenticate(await signed(claims()))).rejects.toBeInstanceOf(IssuerMistake);
  });

  test.each(['HS256', 'none', 'dir', 'RS1'])('cannot be configured with the signature algorithm %s', (algorithm) => {
    expect(() => authenticateTokens({ issuer, audience: AUDIENCE, algorithms: [algorithm] })).toThrow(IssuerMistake);
  });
});
