import { describe, expect, test } from 'vitest';
import vectors from '../../../vectors/model-look-up.json' with { type: 'json' };
import { must, Row, readSection } from '../test/row.ts';
import { parseAgent } from './agents.ts';
import { buildCatalogue, type CatalogueModel, policyFromCatalogue } from './catalogue.ts';
import { compareModels } from './compare-models.ts';
import { DEFAULT_MODEL_POLICY } from './model-policy.ts';
import { isModelGone, modelStanding } from './model-standing.ts';
import { refuseUnlisted, resolveModel } from './resolve-model.ts';

const model = (name: string, more: Partial<CatalogueModel> = {}): CatalogueModel => ({
  agent: 'claude-code',
  name,
  isDefault: false,
  standsFor: null,
  deleted: false,
  ...more,
});

const catalogue = buildCatalogue(
  [
    model('claude-sonnet-4-5', { isDefault: true }),
    model('claude-opus-4-5'),
    model('claude-opus-4-5', { deleted: true }),
    model('claude-2', { deleted: true }),
    model('sonnet', { standsFor: 'claude-sonnet-4-5' }),
  ],
  [
    {
      agent: 'claude-code',
      variant: 'OPUS',
      model: 'claude-opus-4-5',
      parameters: { reasoning_effort: 'low', seed: 1 },
      deleted: false,
    },
    { agent: 'claude-code', variant: 'OLD', model: 'claude-2', parameters: {}, deleted: false },
    { agent: 'claude-code', variant: 'GONE', model: 'claude-opus-4-5', parameters: {}, deleted: true },
  ],
);
const agent = 'claude-code';

describe('resolveModel', () => {
  test('resolves a selection without a model to the agent’s default', () => {
    const identity = { agent, variant: null, model: null, resolvedModel: 'claude-sonnet-4-5', parameters: {} };
    expect(resolveModel(catalogue, { agent })).toEqual({ kind: 'resolved', identity });
  });

  test('resolves a variant to the model and parameters of its profile', () => {
    const identity = {
      agent,
      variant: 'OPUS',
      model: 'claude-opus-4-5',
      resolvedModel: 'claude-opus-4-5',
      parameters: { reasoning_effort: 'low', seed: 1 },
    };
    expect(resolveModel(catalogue, { agent, variant: 'OPUS' })).toEqual({ kind: 'resolved', identity });
  });

  test('overrides the profile with explicit values, even under another spelling', () => {
    const selection = { agent, variant: 'OPUS', model: 'sonnet', parameters: { reasoningEffort: 'high' } } as const;
    const parameters = { reasoningEffort: 'high', seed: 1 };
    const identity = { agent, variant: 'OPUS', model: 'sonnet', resolvedModel: 'claude-sonnet-4-5', parameters };
    expect(resolveModel(catalogue, selection)).toEqual({ kind: 'resolved', identity });
  });

  test.each([
    ['an unregistered variant', { agent, variant: 'NOPE' }, 'variant-missing'],
    ['a deleted variant', { agent, variant: 'GONE' }, 'variant-deleted'],
    ['a variant whose model was deleted', { agent, variant: 'OLD' }, 'model-deleted'],
    ['an unregistered model', { agent, model: 'claude-9' }, 'model-missing'],
    ['a deleted model', { agent, model: 'claude-2' }, 'model-deleted'],
    ['a model of another agent', { agent: 'codex', model: 'claude-opus-4-5' }, 'model-missing'],
  ] as const)('reports %s as missing, with the reason', (_, selection, why) => {
    expect(resolveModel(catalogue, selection)).toMatchObject({ kind: 'missing', agent: selection.agent, why });
  });
});

describe('isModelGone', () => {
  test.each([
    ['the agent’s default is not gone', null, null, false],
    ['a live model is not gone', null, 'claude-opus-4-5', false],
    ['a deleted model is gone', null, 'claude-2', true],
    ['a model accepted without being listed is not gone', null, 'claude-sonnet-9', false],
    ['a dated name of a deleted model is gone', null, 'claude-2-20230711', true],
    ['a deleted variant of a live model is gone', 'GONE', 'claude-opus-4-5', true],
    ['a live variant is not gone', 'OPUS', 'claude-opus-4-5', false],
  ])('%s', (_, variant, name, gone) => {
    expect(isModelGone(catalogue, { agent, variant, model: name, resolvedModel: name, parameters: {} })).toBe(gone);
  });
});

test.each([
  ['its alias exists but the resolved model was deleted', 'sonnet', 'claude-2', 'gone'],
  ['its alias now stands for another model', 'sonnet', 'claude-opus-4-5', 'listed'],
  ['it was never listed', 'claude-sonnet-9', 'claude-sonnet-9', 'unlisted'],
  ['it was resolved from a default that was deleted', null, 'claude-2', 'gone'],
] as const)('the model of a session counts as %4$s when %s', (_, name, resolvedModel, standing) => {
  const identity = { agent, variant: null, model: name, resolvedModel, parameters: {} } as const;
  expect(modelStanding(catalogue, identity)).toBe(standing);
});

describe('resolveModel, vectors', () => {
  const listed = new Row(vectors, 'model-look-up.json').row('catalogue');
  const entries = listed.rows('models').map(
    (row): CatalogueModel => ({
      agent: must(parseAgent(row.text('agent')), 'agent'),
      name: row.text('name'),
      standsFor: row.has('standsFor') ? row.text('standsFor') : null,
      isDefault: row.has('isDefault') && row.flag('isDefault'),
      deleted: row.has('deleted') && row.flag('deleted'),
    }),
  );
  const typed = buildCatalogue(entries, []);
  const asked = (row: Row) => ({
    because: row.text('because'),
    selection: { agent: must(parseAgent(row.text('agent')), 'agent'), model: row.textOrNull('model') },
  });

  test.each(
    readSection(vectors, 'valid', (row) => ({
      ...asked(row),
      resolved: row.textOrNull('resolved'),
      unlisted: row.has('unlisted') && row.flag('unlisted'),
    })),
  )('$because', ({ selection, resolved, unlisted }) => {
    const resolution = resolveModel(typed, selection);
    const { model } = selection;
    expect(resolution).toMatchObject({ kind: 'resolved', identity: { model, resolvedModel: resolved } });
    expect('unlisted' in resolution).toBe(unlisted);
    expect(refuseUnlisted(resolution).kind).toBe(unlisted ? 'missing' : 'resolved');
  });

  test.each(readSection(vectors, 'invalid', (row) => ({ ...asked(row), why: row.text('why') })))(
    '$because',
    ({ selection, why }) => {
      expect(resolveModel(typed, selection)).toMatchObject({ kind: 'missing', why });
    },
  );
});

test('policyFromCatalogue takes defaults and alias targets from the catalogue', () => {
  const policy = policyFromCatalogue(DEFAULT_MODEL_POLICY, catalogue);
  const verdict = compareModels(
    resolveModel(catalogue, { agent }),
    resolveModel(catalogue, { agent, model: 'sonnet' }),
    policy,
  );
  expect(verdict).toEqual({ verdict: 'same', reasons: [] });
});
