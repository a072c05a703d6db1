import { z } from 'zod';
import { SCHEMA_VERSION } from './formats/json.ts';

const text = z.string().nullable();
const time = z.string().meta({ format: 'date-time' });
const state = z.enum(['idle', 'baking', 'holding', 'paused', 'done', 'aborted']);
const outcome = z.enum(['pass', 'fail', 'inconclusive']);

const campaign = z.strictObject({
  number: z.int(),
  stage: z.int(),
  percent: z.number(),
  state,
  heldFor: z.enum(['evidence', 'verdict', 'flag', 'kill']).nullable(),
  bakingSince: time.nullable(),
  expectedInstances: z.int().nullable(),
  flagVersion: z.int().nullable(),
  now: time,
  lease: z.strictObject({ holder: z.string(), until: time }).nullable(),
  present: z.strictObject({
    enabled: z.boolean(),
    percent: z.number(),
    version: z.int(),
    updatedAt: time,
    updatedBy: text,
    kill: z.strictObject({ id: z.int(), at: time, actor: z.string(), why: z.string() }).nullable(),
  }),
});

/** Fields may be added to a gate; these keep their meaning. */
const gate = z.looseObject({
  gate: z.string(),
  title: z.string(),
  kind: z.enum(['failures', 'latency', 'utilisation']),
  outcome,
  reason: z.string(),
  queries: z.array(z.string()),
  from: z.number(),
  to: z.number(),
  n: z.number(),
  failures: z.number(),
  planned: z.number(),
  limit: z.number(),
  rate: z.number().nullable(),
  upper: z.number().nullable(),
  lower: z.number().nullable(),
});

const hold = z.looseObject({ reason: z.string(), about: text, detail: z.string(), bakeFrom: z.number().nullable() });

const WHY = z.enum(['proven', 'failed_early', 'failed', 'not_proven', 'baking', 'held']);

const verdict = z.strictObject({
  stage: z.int(),
  percent: z.number(),
  from: time,
  to: time,
  outcome,
  why: WHY,
  final: z.boolean(),
  reason: z.string(),
  holds: z.array(hold),
  gates: z.array(gate),
});

const place = z.strictObject({ stage: z.int(), percent: z.number(), state });

const history = z.strictObject({
  steps: z.array(
    z.strictObject({
      id: z.int(),
      campaign: z.int(),
      at: time,
      actor: z.string(),
      action: z.string(),
      from: place,
      to: place,
      why: z.string(),
      verdictId: z.int().nullable(),
      forced: z.boolean(),
      fence: z.int(),
    }),
  ),
  verdicts: z.array(
    z.strictObject({
      id: z.int(),
      campaign: z.int(),
      stage: z.int(),
      at: time,
      kind: z.enum(['tick', 'final']),
      outcome,
      decision: WHY,
      reason: z.string(),
      from: time,
      to: time,
      preconditions: z.array(hold),
      gates: z.array(gate),
    }),
  ),
  changes: z.array(
    z.strictObject({
      id: z.int(),
      flag: z.string(),
      version: z.int().nullable(),
      at: time,
      actor: z.string(),
      why: text,
      from: z.unknown(),
      to: z.unknown(),
    }),
  ),
  leftOut: z.int(),
});

const plan = z.strictObject({
  measuredOverMs: z.number(),
  stages: z.array(
    z.looseObject({
      stage: z.int(),
      percent: z.number(),
      takesMs: z.number().nullable(),
      fits: z.boolean(),
      sentence: z.string(),
    }),
  ),
});

const announcement = z.strictObject({
  id: z.int(),
  flag: z.string(),
  campaign: z.int(),
  stage: z.int(),
  percent: z.number(),
  kind: z.enum(['stage', 'off', 'note']),
  text: z.string(),
  publishedAt: time,
  withdrawnAt: time.nullable(),
  active: z.boolean(),
});

/** Schema of `--json`. Fields may be added; a change of meaning needs a new `schemaVersion`. */
export const reportSchema = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  tool: z.literal('rollout'),
  command: z.string(),
  flag: z.string(),
  outcome: z.enum(['pass', 'fail', 'inconclusive', 'error']),
  exitCode: z.int(),
  told: z.string(),
  notes: z.array(z.string()),
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  campaign: campaign.nullable(),
  verdict: verdict.nullable(),
  plan: plan.nullable(),
  history: history.nullable(),
  announcements: z.array(announcement).nullable(),
});

export const reportJsonSchema = (): string => `${JSON.stringify(z.toJSONSchema(reportSchema), null, 2)}\n`;
