import { describe, expect, test } from 'vitest';
import vectors from '../../../vectors/ids.json' with { type: 'json' };
import { type Row, readSection } from '../test/row.ts';
import * as ids from './ids.ts';

const UUID_PARSERS = {
  project: ids.parseProjectId,
  task: ids.parseTaskId,
  attempt: ids.parseAttemptId,
  session: ids.parseSessionId,
  process: ids.parseProcessId,
  model: ids.parseModelId,
  profile: ids.parseProfileId,
};

const readValue = (row: Row) => {
  const kind = row.oneOf('kind', ['uuid', 'agent-session', 'generation']);
  const because = row.text('because');
  return kind === 'generation'
    ? { because, kind, value: row.number('value') }
    : { because, kind, value: row.textOrCodeUnits('value') };
};

function parsersOf(one: ReturnType<typeof readValue>): readonly (() => string | number | undefined)[] {
  const { kind, value } = one;
  switch (kind) {
    case 'generation':
      return [() => ids.parseGeneration(value)];
    case 'agent-session':
      return [() => ids.parseAgentSessionId(value)];
    case 'uuid':
      return Object.values(UUID_PARSERS).map((parse) => () => parse(value));
    default:
      return kind satisfies never;
  }
}

describe('id parsers, accepted values', () => {
  const rows = readSection(vectors, 'valid', (row) => ({ ...readValue(row), parsed: row.take('parsed') }));
  test.each(rows)('$because', ({ parsed, ...one }) => {
    for (const parse of parsersOf(one)) expect(parse()).toBe(parsed);
  });
});

describe('id parsers, refused values', () => {
  test.each(readSection(vectors, 'invalid', readValue))('$because', (one) => {
    for (const parse of parsersOf(one)) expect(parse()).toBeUndefined();
  });
});
