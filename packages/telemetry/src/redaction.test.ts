import { growth, QUADRUPLED_AT_MOST } from '@phaselock/testkit';
import { describe, expect, it } from 'vitest';
import { capturedAnything } from '../test/captured-lines.ts';
import { cutText } from './cut-text.ts';
import type { openPino } from './logger.ts';
import { redactAddressesAndTokens } from './redact-by-form.ts';
import { redactText } from './redact-secrets.ts';

type Logger = ReturnType<typeof openPino>;

const CANARY = 'c4n4ry-5f1e77d2';

const LEAKS: readonly (readonly [string, (logger: Logger) => void])[] = [
  ['a header', (logger) => logger.info({ headers: { Authorization: `Bearer ${CANARY}` } }, 'request')],
  ['a header in lower case', (logger) => logger.info({ req: { headers: { authorization: CANARY } } }, 'request')],
  ['an API key', (logger) => logger.info({ 'x-api-key': CANARY }, 'request')],
  ['an API key of another spelling', (logger) => logger.info({ config: { agent: { apiKey: CANARY } } }, 'config')],
  ['a cookie', (logger) => logger.info({ 'set-cookie': [CANARY] }, 'response')],
  ['a token deep inside', (logger) => logger.info({ a: { b: { c: [{ d: { access_token: CANARY } }] } } }, 'deep')],
  ['a secret below the maximum depth', (logger) => logger.info({ token: 'x', nest: nest(CANARY, 40) }, 'very deep')],
  ['a password that is an object', (logger) => logger.info({ password: { value: CANARY } }, 'odd')],
  ['an environment', (logger) => logger.info({ env: { PGPASSWORD: CANARY, AWS_SECRET_ACCESS_KEY: CANARY } }, 'env')],
  ['a connection string', (logger) => logger.info({ database: `postgres://app:${CANARY}@db/app` }, 'connecting')],
  ['a password with an @', (logger) => logger.info(`connecting to postgres://app:p@ss:${CANARY}@db/app`)],
  ['a connection string without a user', (logger) => logger.info(`redis://:${CANARY}@cache:6379/0`)],
  ['a token as the user', (logger) => logger.info(`cloning https://${CANARY}@git.example/repo`)],
  ['settings as text', (logger) => logger.info(`host=db user=app password=${CANARY} sslmode=require`)],
  ['a query string', (logger) => logger.info({ url: `/v1/events?access_token=${CANARY}&after=3` }, 'request')],
  ['a header as text', (logger) => logger.info(`sent "authorization: Basic ${CANARY}"`)],
  ['a bearer in a text', (logger) => logger.info(`rejected Bearer ${CANARY}`)],
  ['a format argument', (logger) => logger.info('login with %s failed', `token=${CANARY}`)],
  ['the key of a model provider', (logger) => logger.info(`401 for sk-ant-${CANARY}`)],
  ['the message of an error', (logger) => logger.error(new Error(`connect postgres://app:${CANARY}@db/app refused`))],
  [
    'the cause of an error',
    (logger) => logger.error({ err: new Error('failed', { cause: new Error(`api_key: ${CANARY}`) }) }),
  ],
  [
    'the properties of an error',
    (logger) => logger.error(Object.assign(new Error('failed'), { command: { args: [CANARY] } })),
  ],
  ['the bindings of a child', (logger) => logger.child({ token: CANARY }).info('bound')],
  [
    'the bindings of a grandchild',
    (logger) =>
      logger
        .child({ a: 1 })
        .child({ auth: { password: CANARY } })
        .info('bound'),
  ],
  ['an API key of phaselock', (logger) => logger.info(`refused plk_AbCdEfGhIjKl_${CANARY.repeat(3)}`)],
  ...['x%2f', 'Bearer%20', 'a', 'plk_plk_', 'token_', '%252F'].map((before): (typeof LEAKS)[number] => [
    `an API key of phaselock after ${before}`,
    (logger) => logger.info({ path: `/v1/sessions/${before}plk_AbCdEfGhIjKl_${CANARY.repeat(3)}` }, 'request'),
  ]),
  [
    'an API key of phaselock with its first letter escaped',
    (logger) => logger.info(`%70lk_AbCdEfGhIjKl_${CANARY.repeat(3)}`),
  ],
  ['an API key with an escaped underscore', (logger) => logger.info(`plk%5FAbCdEfGhIjKl_${CANARY.repeat(3)}`)],
  ['a text that may be part of an API key of phaselock', (logger) => logger.info(`plk_${CANARY.repeat(3)}`)],
  ['the key of another service after an escape', (logger) => logger.info(`/v1/tasks/x%2fghp_${CANARY}`)],
  ['a name and a value separated by an escape', (logger) => logger.info(`/v1/tasks/token%3D${CANARY}`)],
  ['an escaped URL with credentials', (logger) => logger.info(`/v1/tasks/postgres%3A%2F%2Fapp%3A${CANARY}%40h`)],
  ['a signed token', (logger) => logger.info(`refused eyJhbGciOiJFUzI1NiJ9.${btoa(CANARY)}.${CANARY}`)],
  ['JSON inside a text', (logger) => logger.info(JSON.stringify({ password: CANARY }))],
];

function nest(value: string, levels: number): unknown {
  return levels === 0 ? value : { nest: nest(value, levels - 1) };
}

describe('secrets', () => {
  it.each(LEAKS)('are redacted in %s', (_, leak) => {
    const { logger, text, lines } = capturedAnything();
    leak(logger);
    expect(lines()).toHaveLength(1);
    expect(text()).not.toContain(CANARY);
    expect(lines()[0]).toHaveProperty('message');
  });
});

describe('redaction', () => {
  it('keeps fields that contain no secret', () => {
    const { logger, lines } = capturedAnything();
    const fields = {
      input_tokens: 1200,
      output_tokens: 7,
      token_limit: 100,
      author: 'ada',
      idempotency_key: 'k-1',
      password_changed: true,
      url: 'http://127.0.0.1:8080/v1/tasks',
    };
    logger.info(fields, 'max tokens: 100; see https://host:8080/path');
    expect(lines()[0]).toMatchObject({ ...fields, message: 'max tokens: 100; see https://host:8080/path' });
  });

  it('keeps the parts of an address that are no secret', () => {
    const { logger, lines } = capturedAnything();
    logger.info(`connect postgres://app:${CANARY}@db:5432/app refused`);
    expect(lines()[0]?.message).toBe('connect postgres://app:[redacted]@db:5432/app refused');
  });
});

describe('a text above the maximum length', () => {
  const LONG = `/v1/${'x'.repeat(2_000)}`;

  it('is cut, with a note of its length', () => {
    expect(cutText(LONG, 100)).toBe(`${LONG.slice(0, 100)}… [cut: 2004 characters]`);
    expect(cutText('short', 100)).toBe('short');
    expect(cutText(`${'x'.repeat(9)}\u{1f511}`, 10)).toMatch(/^x{9}\ufffd… \[cut/);
  });

  it.each([
    ['an address', `postgres://app:${CANARY}@db/app`],
    ['an address with a token', `https://${CANARY}@git.example`],
    ['an API key of phaselock', `plk_AbCdEfGhIjKl_${CANARY.repeat(3)}`],
    ['a signed token', `eyJhbGciOiJFUzI1NiJ9.${CANARY}${CANARY}.${CANARY}`],
    ['a bearer', `Bearer ${CANARY}`],
    ['a header', `Authorization: Basic ${CANARY}`],
    ['a setting', `password=${CANARY}`],
    ['a key of a model provider', `sk-ant-${CANARY}`],
    ['a token of a code host', `github_pat_${CANARY}`],
  ])('leaks no part of %s, wherever it is cut', (_, secret) => {
    const before = `/v1/tasks/${'x'.repeat(40)}?`;
    const text = `${before}${secret} ${'y'.repeat(200)}`;
    for (let limit = before.length; limit < before.length + secret.length + 20; limit += 1) {
      const { logger, text: written } = capturedAnything();
      logger.info({ 'url.path': cutText(text, limit) }, 'request');
      expect(written(), `cut at ${limit}`).not.toContain(CANARY.slice(0, 3));
    }
  });

  it('is cut in every field and in the message', () => {
    const { logger, text } = capturedAnything();
    logger.info({ given: 'y'.repeat(100_000) }, 'z'.repeat(100_000));
    expect(text().length).toBeLessThan(40_000);
  });
});

describe('the redaction time', () => {
  it.each([
    'a',
    '.',
    'http://',
    '://x:',
    'a://:',
    'eyJ-',
    '-eyJaaaaaaaa.',
    'authorization:',
    'authorization: basic ',
    'bearer ',
    'password= ',
    'plk_',
    '-plk_',
    'sk-',
    ' ',
    "'://",
  ])('grows linearly with the length of a text of %j', (unit) => {
    const redacting = growth((length) => {
      const text = unit.repeat(Math.ceil(length / unit.length));
      const pieces = text.match(/[\s\S]{1,16384}/g) ?? [];
      return () => {
        redactAddressesAndTokens(text);
        for (const piece of pieces) redactText(piece);
      };
    });
    expect(redacting).toBeLessThan(QUADRUPLED_AT_MOST);
  });
});
