import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Proof } from '../proof/prove-run.ts';
import { readJournal } from '../proof/read-journal.ts';
import { readLines } from '../proof/read-lines.ts';
import { type RunClock, runClock } from '../proof/run-clock.ts';
import type { RunFacts } from '../run/run-facts.ts';
import { createCallCounter } from './count-calls.ts';
import { judgeLimits, readThresholds } from './limits.ts';
import { createRecoveryMeter } from './measure-recovery.ts';
import { measureResources } from './measure-resources.ts';
import { FORMAT, type Result, type ResultWindow } from './result.ts';
import { windowsOfRun } from './windows-of-run.ts';

const faultLine = z.object({ is: z.literal('fault'), name: z.string(), at: z.number(), until: z.number() });
const periodLine = z.object({ is: z.literal('period'), purge: z.boolean(), at: z.number(), until: z.number() });
const resourceLine = z.object({ wallMs: z.number(), of: z.string(), cpuSeconds: z.number(), memoryBytes: z.number() });
const databaseFile = z.object({
  walBytes: z.number().int().nonnegative().nullable().default(null),
  connections: z.number().int().nonnegative().nullable().default(null),
});
const dropped = z.object({ count: z.number() }).or(z.object({ values: z.object({ count: z.number() }) }));
const summaryFile = z.object({ metrics: z.object({ dropped_iterations: dropped.optional() }) });

/** Builds the result of a run from the files of its folder, with one pass over the journal. */
export async function buildResult(folder: string, proof: Proof): Promise<Result> {
  const facts: RunFacts = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8'));
  const journal = readJournal(folder);
  const first = await journal.entries.next();
  const began = first.done !== true && first.value.is === 'began' ? first.value.began : undefined;
  const clock = runClock(began ?? { is: 'began', wallMs: Date.parse(facts.startedAt), at: 0 });
  const faults = (await all(folder, 'faults.ndjson', faultLine)).map((fault) => onRunClock(fault, clock));
  const periods = (await all(folder, 'periods.ndjson', periodLine)).map((period) => onRunClock(period, clock));
  const samples = await all(folder, 'resources.ndjson', resourceLine);
  const from = began?.at ?? 0;
  const windows = windowsOfRun(from, clock.toRun(Date.parse(facts.endedAt)), periods);
  const counter = createCallCounter(windows);
  const recovery = createRecoveryMeter(faults);
  for await (const entry of journal.entries) {
    if (entry.is !== 'call') continue;
    counter.take(entry.call);
    recovery.take(entry.call);
  }
  const sampled = samples.map(({ wallMs, ...sample }) => ({ ...sample, at: clock.toRun(wallMs) }));
  const measured = {
    format: FORMAT,
    facts: { ...facts, urls: [...facts.urls], crashes: [...facts.crashes] },
    windows: windows.map((window) => sinceBegin(window, from)),
    series: counter.series(),
    ...measureResources(sampled, windows),
    database: await optional(join(folder, 'database.json'), databaseFile),
    faults: recovery.measured(from),
    droppedArrivals: await droppedIn(folder),
  };
  return { ...measured, limits: judgeLimits(measured, await readThresholds()), proof: inShort(proof) };
}

const onRunClock = <Spell extends { at: number; until: number }>(spell: Spell, { toRun }: RunClock): Spell => ({
  ...spell,
  at: toRun(spell.at),
  until: toRun(spell.until),
});

const sinceBegin = ({ from, to, ...rest }: ResultWindow, began: number): ResultWindow => ({
  from: Math.round(from - began),
  to: Math.round(to - began),
  ...rest,
});

async function all<Line>(folder: string, file: string, schema: z.ZodType<Line>): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const { entry } of readLines(join(folder, file)).entries) lines.push(schema.parse(entry));
  return lines;
}

async function optional<Value>(path: string, schema: z.ZodType<Value>): Promise<Value | null> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? null : schema.parse(JSON.parse(text));
}

/** k6 omits the count if it dropped nothing. Without its summary the count is unknown, which is an error. */
async function droppedIn(folder: string): Promise<number> {
  const summary = await optional(join(folder, 'summary.json'), summaryFile);
  if (summary === null)
    throw new Error(`k6 left no summary.json in ${folder}, so the number of dropped arrivals is unknown`);
  const found = summary.metrics.dropped_iterations;
  if (found === undefined) return 0;
  return 'count' in found ? found.count : found.values.count;
}

const MOST_FINDINGS = 200;

const inShort = ({ calls, promises, checkers, audit, notChecked, findings }: Proof): Result['proof'] => ({
  calls,
  promises: promises.map((one) => ({ ...one })),
  checkers: checkers.map(({ checker, compared, findings: found }) => ({
    checker,
    compared: { ...compared },
    findings: found.length,
  })),
  audit,
  notChecked: [...notChecked],
  findings: findings.slice(0, MOST_FINDINGS),
});
