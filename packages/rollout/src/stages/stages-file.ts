import { z } from 'zod';
import { duration, size } from './units.ts';

/** Schema of stages.yml. `contradictionsIn` checks the relations between its parts. */
const name = z.string().regex(/^[a-z][a-z0-9_]*$/, 'is not a name of lower-case letters, digits and _');
const metric = z.string().regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, 'is not the name of a metric');
const labels = z.record(
  z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'is not the name of a label'),
  z.array(z.string()).min(1),
);
const selector = z.strictObject({ metric, labels: labels.default({}), not: labels.default({}) });
const fraction = z.number().gt(0).lt(1);
const count = z.number().int().min(0);
const positive = z.number().int().min(1);

const named = {
  title: z.string().min(1),
  events: z.string().min(1),
  spec: z.string().min(1),
  k6: name.nullable(),
};

const failures = z.strictObject({
  ...named,
  kind: z.literal('failures'),
  by: name.nullable(),
  limit: fraction,
  assumed: fraction,
  bad: z.array(selector).min(1),
  total: z.array(selector).min(1),
  twice: z.array(selector).default([]),
});

const latency = z.strictObject({
  ...named,
  kind: z.literal('latency'),
  by: name.nullable(),
  limit: duration,
  quantile: fraction,
  assumed: fraction,
  histogram: selector,
});

const utilisation = z.strictObject({
  ...named,
  kind: z.literal('utilisation'),
  limit: fraction,
  quantile: fraction,
  period: duration,
  early_periods: positive,
  used: selector,
  capacity: selector,
});

const stage = z.strictObject({
  percent: z.number().gt(0).max(100),
  bake: z.strictObject({ least: duration, most: duration }),
  gates: z.array(name).min(1),
  shown: z.array(z.strictObject({ title: z.string().min(1), metric, labels: labels.default({}) })).default([]),
});

export const stagesFile = z.strictObject({
  version: z.literal(1),
  decision: z.strictObject({
    confidence: z.number().gt(0.5).lt(1),
    power: z.number().gt(0.5).lt(1),
    early_fail_alpha: z.number().gt(0).lt(0.5),
    control_alpha: z.number().gt(0).lt(0.5),
    control_margin: z.number().min(0).max(1),
  }),
  prometheus: z.strictObject({
    job: z.string().min(1),
    scrape_interval: duration,
    longest_gap: positive,
    timeout: duration,
    largest_answer: size,
    chunk: duration,
  }),
  preconditions: z.strictObject({
    least_instances: positive,
    oldest_sample: duration,
    oldest_flag_read: duration,
    oldest_audit: duration,
    audit_errors: count,
    watchdog: z.string().min(1).nullable(),
    shed_requests: z.number().min(0).lt(1),
    ended_processes: count,
  }),
  gates: z.record(name, z.discriminatedUnion('kind', [failures, latency, utilisation])),
  flags: z.record(
    name,
    z.strictObject({
      subject: z.enum(['user', 'task']),
      cohorts: z.strictObject({
        label: name,
        treatment: z.array(z.string()).min(1),
        control: z.array(z.string()).min(1),
      }),
      stages: z.array(stage).min(1),
    }),
  ),
});

export type StagesFile = z.infer<typeof stagesFile>;
export type GateFile = StagesFile['gates'][string];
export type LadderFile = StagesFile['flags'][string];
