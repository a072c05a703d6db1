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

describe('model change', () => {
  test.each(rows)('$because', ({ previous, next, policy, verdict, reasons }) => {
    const comparison = compareModels(previous, next, policy);
    expect({ verdict: comparison.verdict, reasons: comparison.reasons.map(titleOf) }).toEqual({ verdict, reasons });
    expect(compareModels(next, previous, policy).verdict).toBe(verdict);
  });

  test('the vectors hold the policy the product starts with', () => {
    expect(policyNamed('default')).toEqual(DEFAULT_MODEL_POLICY);
  });

  test('a reason tells what was and what is', () => {
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

test('a value that never equals itself does not make a model differ from itself', () => {
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

describe('whatever is compared', () => {
  const { resolution, resolved, nearResolved, policy } = arbitrary;
  const verdictOf = (a: ModelResolution, b: ModelResolution, by: Parameters<typeof compareModels>[2]): Verdict =>
    compareModels(a, b, by).verdict;

  test('an identity is the same as itself', () => {
    fc.assert(
      fc.property(resolved, policy, (one, by) => {
        expect(compareModels(one, structuredClone(one), by)).toEqual({ verdict: 'same', reasons: [] });
      }),
    );
  });

  test('the verdict does not depend on the direction, and the reasons are about the same fields', () => {
    fc.assert(
      fc.property(resolution, resolution, policy, (a, b, by) => {
        const [there, back] = [compareModels(a, b, by), compareModels(b, a, by)];
        expect(there.verdict).toBe(back.verdict);
        expect(there.reasons.map(titleOf)).toEqual(back.reasons.map(titleOf));
      }),
    );
  });

  test('there is a reason for every verdict but "same", which has none', () => {
    fc.assert(
      fc.property(resolution, resolution, policy, (a, b, by) => {
        const { verdict, reasons } = compareModels(a, b, by);
        expect(VERDICTS).toContain(verdict);
        expect(reasons.length === 0).toBe(verdict === 'same');
      }),
    );
  });

  test('what is the same as a third is the same', () => {
    fc.assert(
      fc.property(fc.array(nearResolved, { minLength: 3, maxLength: 12 }), policy, (models, by) => {
        const sameAs = models.map((a) => new Set(models.filter((b) => verdictOf(a, b, by) === 'same')));
        for (const [at, group] of sameAs.entries()) {
          for (const other of group) expect(sameAs[models.indexOf(other)], `model ${at}`).toEqual(group);
        }
      }),
    );
  });

  test('a missing model is never the same as anything', () => {
    fc.assert(
      fc.property(resolution, resolution, policy, (a, b, by) => {
        fc.pre(a.kind === 'missing');
        expect(['unknown', 'changed']).toContain(verdictOf(a, b, by));
      }),
    );
  });

  test('what differs strictly not at all differs in no way', () => {
    fc.assert(
      fc.property(nearResolved, nearResolved, policy, (a, b, by) => {
        fc.pre(verdictOf(a, b, { ...by, strict: true }) === 'same');
        expect(verdictOf(a, b, { ...by, strict: false })).toBe('same');
      }),
    );
  });
});
