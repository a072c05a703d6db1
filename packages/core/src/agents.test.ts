import { describe, expect, test } from 'vitest';
import vectors from '../../../vectors/agents.json' with { type: 'json' };
import { must, readSection } from '../test/row.ts';
import { AGENTS, parseAgent } from './agents.ts';

const valid = readSection(vectors, 'valid', (row) => ({
  because: row.text('because'),
  name: row.text('name'),
  agent: row.text('agent'),
  hasConfigurableModel: row.flag('hasConfigurableModel'),
}));

describe('parseAgent, agent names', () => {
  test.each(valid)('$because ($name)', ({ name, agent, hasConfigurableModel }) => {
    const parsed = must(parseAgent(name), name);
    expect(parsed).toBe(agent);
    expect(AGENTS[parsed].hasConfigurableModel).toBe(hasConfigurableModel);
  });

  test('the vectors contain every agent', () => {
    expect([...new Set(valid.map(({ agent }) => agent))].sort()).toEqual(Object.keys(AGENTS).sort());
  });
});

describe('parseAgent, names that are not an agent', () => {
  const invalid = readSection(vectors, 'invalid', (row) => ({ because: row.text('because'), name: row.text('name') }));
  test.each(invalid)('$because', ({ name }) => expect(parseAgent(name)).toBeUndefined());
});
