import { describe, expect, it } from 'vitest';
import { sampleInvalidation } from '../test/sample-slots.ts';
import { encodeBeat, encodeInvalidation, parseMessage } from './invalidation-message.ts';

const wire = {
  task_id: '019aa001-0000-7000-8000-000000000001',
  phase: 'run',
  model: 'claude-opus-4-5',
  mode: 'standard',
  version: 3,
  session_id: '019aa002-0000-7000-8000-000000000003',
  generation: 3,
  origin: 'server-1',
};

describe('an encoded message', () => {
  it('is a JSON object with the fields that other programs read', () => {
    expect(JSON.parse(encodeInvalidation(sampleInvalidation(3), 'server-1'))).toEqual(wire);
  });

  it('is parsed back to the same message', () => {
    const invalidation = { ...sampleInvalidation(3), sessionId: null, model: null };
    expect(parseMessage(encodeInvalidation(invalidation, 'server-1'))).toEqual({
      kind: 'invalidation',
      origin: 'server-1',
      invalidation,
    });
    expect(parseMessage(encodeBeat(12.5, 'server-1'))).toEqual({ kind: 'beat', origin: 'server-1', sentAt: 12.5 });
  });

  it('stays below the PostgreSQL payload limit, however long the model name is', () => {
    const text = encodeInvalidation({ ...sampleInvalidation(3), model: '🐘'.repeat(5_000) }, 'server-1');
    expect(Buffer.byteLength(text)).toBeLessThan(8_000);
    expect(parseMessage(text)).toMatchObject({ invalidation: { version: 3, model: null } });
  });

  it('may contain unknown fields of a later release', () => {
    expect(parseMessage(JSON.stringify({ ...wire, reason: 'model-changed' }))).toMatchObject({ kind: 'invalidation' });
  });
});

describe('parseMessage', () => {
  const broken: Record<string, unknown>[] = [
    { task_id: 'not-an-id' },
    { task_id: 7 },
    { phase: 'deploy' },
    { mode: 'fast' },
    { version: -1 },
    { version: 1.5 },
    { version: '3' },
    { version: 2 ** 60 },
    { generation: null },
    { session_id: 'x' },
    { session_id: undefined },
    { model: 4 },
    { model: undefined },
    { origin: '' },
    { origin: undefined },
  ];

  it.each(broken)('returns undefined for a message with %j', (change) => {
    expect(parseMessage(JSON.stringify({ ...wire, ...change }))).toBeUndefined();
  });

  it.each(['', '{', 'null', '[]', '"text"', '7', '{"__proto__":{"origin":"a"}}', '{"beat":"x","origin":"a"}'])(
    'returns undefined for the text %s',
    (text) => {
      expect(parseMessage(text)).toBeUndefined();
    },
  );
});
