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
  test('is its subject, with the scopes that are ours', async () => {
    expect(await tokens.authenticate(await signed(claims()))).toEqual({
      kind: 'token',
      id: 'token:ada',
      name: 'ada',
      scopes: ['sessions:read', 'sessions:write'],
      projectId: null,
    });
  });

  test('may be bound to a project', async () => {
    const caller = await tokens.authenticate(await signed(claims({ phaselock_project: PROJECT })));
    expect(caller?.projectId).toBe(PROJECT);
  });

  test.each([null, '', 'all', 7, [PROJECT], { id: PROJECT }])(
    'bound to %j is nobody, not everybody',
    async (project) => {
      expect(await tokens.authenticate(await signed(claims({ phaselock_project: project })))).toBeUndefined();
    },
  );

  test('without scopes may do nothing', async () => {
    expect((await tokens.authenticate(await signed(without('scope'))))?.scopes).toEqual([]);
    expect((await tokens.authenticate(await signed(claims({ scope: { admin: true } }))))?.scopes).toEqual([]);
  });
});

describe('a token of an issuer that serves other programs too', () => {
  const shared = () => authenticateTokens({ issuer, audience: AUDIENCE, algorithms: ['ES256'] });

  test('is refused when it names no project, and told what it lacks', async () => {
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

  test('that is not signed by it is nobody, whatever it names', async () => {
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
    'with the scope %j has the scopes %j: an administrator of something else is none here',
    async (scope, expected) => {
      expect((await tokens.authenticate(await signed(claims({ scope }))))?.scopes).toEqual(expected);
    },
  );
});

test('a token that was accepted is lost at the moment it would be refused, and not before', async () => {
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

describe('nobody', () => {
  const stranger = generateKeyPair('ES256');
  const rsa = generateKeyPair('RS256');
  test.each<[string, () => Promise<string>]>([
    ['expired', () => signed(claims({ exp: IN_AN_HOUR - 7_200 }))],
    ['not valid yet', () => signed(claims({ nbf: IN_AN_HOUR }))],
    ['without an end', () => signed(without('exp'))],
    ['without a subject', () => signed(without('sub'))],
    ['of another issuer', () => signed(claims({ iss: 'https://issuer.example' }))],
    ['of no issuer', () => signed(without('iss'))],
    ['for another audience', () => signed(claims({ aud: 'other' }))],
    ['for no audience', () => signed(without('aud'))],
    ['signed by somebody else', async () => signed(claims(), (await stranger).privateKey)],
    ['signed by a key nobody knows', () => signed(claims(), ours, { alg: 'ES256', kid: 'two' })],
    [
      'signed in a way not agreed on',
      async () => signed(claims(), (await rsa).privateKey, { alg: 'RS256', kid: 'one' }),
    ],
    [
      'signed with the public key as a secret',
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
    ['cut short', async () => (await signed(claims())).slice(0, -10)],
    ['nonsense', async () => 'a.b.c'],
    ['empty', async () => ''],
  ])('%s', async (_what, make) => {
    expect(await tokens.authenticate(await make())).toBeUndefined();
  });
});

describe('the issuer', () => {
  test('whose keys cannot be had makes nobody welcome, and nobody unwelcome', async () => {
    const away = authenticateTokens({ issuer: 'http://127.0.0.1:9', audience: AUDIENCE, algorithms: ['ES256'] });
    await expect(away.authenticate(await signed(claims()))).rejects.toMatchObject({ code: 'backend_unavailable' });
    await expect(away.authenticate(await signed(claims()))).rejects.toBeInstanceOf(PhaselockError);
  });

  test('is not believed over a line anybody can write on', async () => {
    const open = authenticateTokens({ issuer: 'http://issuer.example', audience: AUDIENCE, algorithms: ['ES256'] });
    await expect(open.authenticate(await signed(claims()))).rejects.toBeInstanceOf(IssuerMistake);
  });

  test.each(['HS256', 'none', 'dir', 'RS1'])('%s is no signature to agree on', (algorithm) => {
    expect(() => authenticateTokens({ issuer, audience: AUDIENCE, algorithms: [algorithm] })).toThrow(IssuerMistake);
  });
});
