import { describe, expect, test } from 'vitest';
import vectors from '../../../vectors/errors.json' with { type: 'json' };
import { Row } from '../test/row.ts';
import { ERRORS, type ErrorCode, NOTICES, PhaselockError } from './errors.ts';

const file = new Row(vectors, 'errors.json');
const listed = file.rows('errors').map((row) => {
  const entry = { status: row.number('status'), retryable: row.flag('retryable'), text: row.text('text') };
  const code = row.text('code');
  row.done();
  return [code, entry] as const;
});

describe('the error catalogue', () => {
  test('equals errors.json, in order', () => {
    expect(Object.entries(ERRORS)).toEqual(listed);
  });

  test('the notices equal those of errors.json', () => {
    expect(NOTICES).toEqual(file.row('notices').flat());
  });

  test('every text is a full sentence, and no two codes share a text', () => {
    const texts = listed.map(([, { text }]) => text);
    for (const text of texts) expect(text).toMatch(/^[A-Z].*[.?]$/);
    expect(new Set(texts).size).toBe(texts.length);
  });

  test('every status is a 4xx or 5xx status', () => {
    for (const [, { status }] of listed) expect(status).toSatisfy((code: number) => code >= 400 && code < 600);
  });
});

describe('PhaselockError', () => {
  test('has its code, and the catalogue text as its message', () => {
    const code: ErrorCode = 'session_being_modified';
    const error = new PhaselockError(code);
    expect(error).toMatchObject({
      name: 'PhaselockError',
      code,
      status: 409,
      retryable: true,
      message: ERRORS[code].text,
    });
    expect(error).not.toHaveProperty('cause');
  });

  test('keeps the internal error as its cause and out of its message', () => {
    const cause = new Error('connection refused by 10.0.0.7');
    const error = new PhaselockError('backend_unavailable', { cause, retryAfterMs: 500, detail: 'pool' });
    expect(error.cause).toBe(cause);
    expect(error).toMatchObject({ retryAfterMs: 500, detail: 'pool' });
    expect(error.message).not.toContain('10.0.0.7');
  });
});
