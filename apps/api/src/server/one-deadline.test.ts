import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { eventually } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { openTestApi } from '../../test/open-test-api.ts';

/** A token with header and claims but no valid signature. */
const A_TOKEN = [{ alg: 'RS256', kid: 'k' }, { sub: 's', iss: 'i', aud: 'a', exp: 4_000_000_000 }, 'x']
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.');

test('returns backend_unavailable at the deadline when the keys of the issuer do not arrive', async () => {
  await using stack = new AsyncDisposableStack();
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  stack.defer(() => {
    silent.closeAllConnections();
    silent.close();
  });
  await once(silent, 'listening');
  const address = silent.address();
  const issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  await using api = await openTestApi({
    PHASELOCK_OIDC_ISSUER: issuer,
    PHASELOCK_OIDC_AUDIENCE: 'a',
    PHASELOCK_OIDC_JWKS_URL: issuer,
    PHASELOCK_DEADLINE_MS: '1000',
  });
  const answer = await api.call('GET', '/v1/sessions', { key: A_TOKEN });
  expect(answer.body).toMatchObject({ code: 'backend_unavailable', detail: 'deadline exceeded' });
});

test('does not count the time in which a body arrives', async () => {
  await using api = await openTestApi({ PHASELOCK_DEADLINE_MS: '1000' });
  const text = JSON.stringify({ name: 'slow to arrive' });
  const asked = request(`${api.api.url}/v1/projects`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${api.key}`, 'Content-Type': 'application/json', 'Content-Length': text.length },
  });
  asked.write(text.slice(0, 5));
  // Waits until the deadline would have passed.
  const since = performance.now();
  await eventually(() => expect(performance.now() - since).toBeGreaterThan(1_300));
  asked.end(text.slice(5));
  const [response] = await once(asked, 'response');
  response.resume();
  expect(response.statusCode).toBe(201);
});
