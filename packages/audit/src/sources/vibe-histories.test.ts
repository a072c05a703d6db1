import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findingsOf } from '../../test/findings-of.ts';
import { makeVibeKanban, type VibeRun } from '../../test/vibe-database.ts';
import { openVibeKanban } from './vibe-kanban.ts';

const RUNS = Number(process.env.PHASELOCK_TEST_FUZZ_RUNS ?? 40);
const SEED = Number(process.env.PHASELOCK_TEST_FUZZ_SEED ?? 20_261_121);

const MODELS = { SONNET: 'claude-sonnet-4-5', SONNET_PLAN: 'claude-sonnet-4-5', OPUS: 'claude-opus-4-5' } as const;
type Variant = keyof typeof MODELS;
const PROFILES = {
  executors: {
    CLAUDE_CODE: Object.fromEntries(
      Object.entries(MODELS).map(([variant, model]) => [variant, { CLAUDE_CODE: { model } }]),
    ),
  },
};

/** One request of a user, and the course of the run that follows. */
type Step = {
  readonly variant: Variant;
  readonly review: boolean;
  /** The process to retry from, counted from the last one; null for no retry. */
  readonly retry: number | null;
  readonly end: 'reported' | 'crashed' | 'refused' | 'refused and erased';
};
const steps = fc.array(
  fc.record<Step>({
    variant: fc.constantFrom('SONNET', 'SONNET_PLAN', 'OPUS'),
    review: fc.boolean(),
    retry: fc.option(fc.nat(5), { freq: 2 }),
    end: fc.oneof(
      { arbitrary: fc.constant('reported' as const), weight: 4 },
      { arbitrary: fc.constantFrom('crashed', 'refused', 'refused and erased'), weight: 1 },
    ),
  }),
  { minLength: 1, maxLength: 12 },
);

type Run = { run: VibeRun & { readonly variant: Variant }; told: string | null; dropped: boolean };

/** The runs of an orchestrator that decides each start by the model of the process that made the latest id. */
function correctHistory(all: readonly Step[]): VibeRun[] {
  const runs: Run[] = [];
  const unknown = new Set<string>();
  for (const [index, { variant, review, retry, end }] of all.entries()) {
    if (retry !== null) for (const one of runs.slice(Math.max(0, runs.length - 1 - retry))) one.dropped = true;
    const maker = runs.findLast(({ told, dropped }) => told !== null && !dropped && !unknown.has(told));
    const passed = maker !== undefined && MODELS[maker.run.variant] === MODELS[variant] ? maker.told : null;
    const type = review ? { type: 'ReviewRequest' } : {};
    const refused = passed !== null && (end === 'refused' || end === 'refused and erased');
    const told = refused || end === 'crashed' ? null : `s-${index}`;
    const log = refused ? { Stderr: `No conversation found with session ID: ${passed}` } : { SessionId: `s-${index}` };
    const status = told === null ? 'failed' : 'completed';
    const own = { variant, status, logs: end === 'crashed' ? [] : [log], ...type, ...(passed !== null && { passed }) };
    runs.push({ run: own, told, dropped: false });
    if (!refused) continue;
    unknown.add(passed);
    if (end === 'refused and erased') for (const one of runs) if (one.told === passed) one.told = null;
  }
  return runs.map(({ run, told, dropped }) => ({ ...run, told, dropped }));
}

test.each([true, false])('correct histories have no error (with profiles: %s)', { timeout: 120_000 }, async (known) => {
  await using directory = await temporaryDirectory();
  const profiles = join(directory.path, 'profiles.json');
  writeFileSync(profiles, JSON.stringify(PROFILES));
  let made = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const path = join(directory.path, `${made++}.sqlite`);
      const runs = correctHistory(all);
      makeVibeKanban(path, runs);
      const source = openVibeKanban({ path, profiles: known ? profiles : undefined, wanted: { kind: 'all' } });
      const errors = (await findingsOf(source)).filter(({ severity }) => severity === 'error');
      expect(errors, JSON.stringify(runs)).toEqual([]);
    }),
    { numRuns: RUNS, seed: SEED },
  );
});
