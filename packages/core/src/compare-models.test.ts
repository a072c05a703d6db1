import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import vectors from '../../../vectors/compare-models.json' with { type: 'json' };
import * as arbitrary from '../test/arbitraries.ts';
import { readNamed, readPolicy, readResolution } from '../test/model-vectors.ts';
import { readSection } from '../test/row.ts';
import { compareModels } from './compare-models.ts';
import type { ComparisonReason, Verdict } from './model-comparison.ts';
import type { ModelResolution } from './model-identity.ts';
import { DEFAULT_MODEL_POLICY } from './model-policy.ts';

const VERDICTS: readonly Verdict[] = ['same', 'minor', 'changed', 'unknown'];
const policyNamed = readNamed(vectors, 'policies', readPolicy);

const rows = readSection(vectors, 'valid', (row) => ({
  because: row.text('because'),
  previous: readResolution(row.row('previous')),
  next: readResolution(row.row('next')),
  policy: policyNamed(row.text('policy')),
  verdict: row.oneOf('verdict', VERDICTS),
  reasons: row.texts('reasons'),
}));

const titleOf = (reason: ComparisonReason): string =>
  reason.field === 'parameter' ? `parameter:${reason.name}` : reason.field;

const claude = (model: string | null): ModelResolution => ({
  kind: 'resolved',
  identity: { agent: 'claude-code', variant: null, model, resolvedModel: null, parameters: {} },
});

describe('compareModels, vectors', () => {
  test.each(rows)('$because', ({ previous, next, policy, verdict, reasons }) => {
    const comparison = compareModels(previous, next, policy);
    expect({ verdict: comparison.verdict, reasons: comparison.reasons.map(titleOf) }).toEqual({ verdict, reasons });
    expect(compareModels(next, previous, policy).verdict).toBe(verdict);
  });

  test('the vectors’ policy "default" equals DEFAULT_MODEL_POLICY', () => {
    expect(policyNamed('default')).toEqual(DEFAULT_MODEL_POLICY);
  });

  test('a reason contains the previous and the next value', () => {
    const reasonOf = (previous: ModelResolution, next: ModelResolution) =>
      compareModels(previous, next, DEFAULT_MODEL_POLICY).reasons;
    expect(reasonOf(claude('claude-3-7-sonnet-20250219'), claude('claude-sonnet-4-5'))).toEqual([
      { field: 'major-version', previous: '3.7', next: '4.5' },
    ]);
    expect(reasonOf(claude(null), claude('Claude-Opus-4-5'))).toEqual([
      { field: 'model', previous: null, next: 'claude-opus-4-5' },
    ]);
    expect(reasonOf(claude('sonnet'), claude('claude-sonnet-4-5'))).toEqual([
      { field: 'unresolved', side: 'previous', why: 'moving-alias' },
    ]);
    expect(reasonOf(claude('sonnet'), claude('sonnet[1m]'))).toEqual([
      { field: 'parameter', name: 'context_window', critical: true, previous: null, next: 1_000_000 },
    ]);
  });
});

test('compareModels returns "same" for two identities with the same NaN parameter', () => {
  const model: ModelResolution = {
    kind: 'resolved',
    identity: {
      agent: 'codex',
      variant: null,
      model: 'gpt-5',
      resolvedModel: null,
      parameters: { temperature: Number.NaN },
    },
  };
  expect(compareModels(model, structuredClone(model), DEFAULT_MODEL_POLICY).verdict).toBe('same');
});

describe('compareModels, for any two models', () => {
  const { resolution, resolved, nearResolved, policy } = arbitrary;
  const verdictOf = (a: ModelResolution, b: ModelResolution, by: Parameters<typeof compareModels>[2]): Verdict =>
    compareModels(a, b, by).verdict;

  test('an identity is the same as its copy', () => {
    fc.assert(
      fc.property(resolved, policy, (one, by) => {
        expect(compareModels(one, structuredClone(one), by)).toEqual({ verdict: 'same', reasons: [] });
      }),
    );
  });

  test('swapping the two models keeps the verdict and the fields of the reasons', () => {
    fc.assert(
      fc.property(resolution, resolution, policy, (a, b, by) => {
        const [there, back] = [compareModels(a, b, by), compareModels(b, a, by)];
        expect(there.verdict).toBe(back.verdict);
        expect(there.reasons.map(titleOf)).toEqual(back.reasons.map(titleOf));
      }),
    );
  });

  test('every verdict except "same" has a reason, and "same" has none', () => {
    fc.assert(
      fc.property(resolution, resolution, policy, (a, b, by) => {
        const { verdict, reasons } = compareModels(a, b, by);
        expect(VERDICTS).toContain(verdict);
        expect(reasons.length === 0).toBe(verdict === 'same');
      }),
    );
  });

  test('the verdict "same" is transitive', () => {
    fc.assert(
      fc.property(fc.array(nearResolved, { minLength: 3, maxLength: 12 }), policy, (models, by) => {
        const sameAs = models.map((a) => new Set(models.filter((b) => verdictOf(a, b, by) === 'same')));
        for (const [at, group] of sameAs.entries()) {
          for (const other of group) expect(sameAs[models.indexOf(other)], `model ${at}`).toEqual(group);
        }
      }),
    );
  });

  test('a missing model always compares as "unknown" or "changed"', () => {
    fc.assert(
      fc.property(resolution, resolution, policy, (a, b, by) => {
        fc.pre(a.kind === 'missing');
        expect(['unknown', 'changed']).toContain(verdictOf(a, b, by));
      }),
    );
  });

  test('models that are the same under a strict policy are the same without it', () => {
    fc.assert(
      fc.property(nearResolved, nearResolved, policy, (a, b, by) => {
        fc.pre(verdictOf(a, b, { ...by, strict: true }) === 'same');
        expect(verdictOf(a, b, { ...by, strict: false })).toBe('same');
      }),
    );
  });
});
