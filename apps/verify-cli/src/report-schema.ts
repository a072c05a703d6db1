import { RULE_IDS } from '@phaselock/audit';
import { z } from 'zod';
import { SCHEMA_VERSION } from './formats/json.ts';

const rule = z.enum(RULE_IDS);
const text = z.string().nullable();

const turn = z.strictObject({
  number: z.string(),
  at: z.string(),
  slot: z.string(),
  model: z.string(),
  action: z.string(),
  passed: text,
  expected: z.string(),
  change: z.enum(['first', 'same', 'minor', 'changed', 'unknown']),
  verdict: z.string(),
  right: z.boolean(),
  processId: z.string(),
  session: z.string(),
});

const finding = z.strictObject({
  rule,
  severity: z.enum(['error', 'warning', 'info']),
  subject: z.strictObject({
    kind: z.enum(['process', 'session', 'slot', 'task', 'archive', 'object']),
    id: z.string(),
  }),
  taskId: text,
  attemptId: text,
  sessionId: text,
  message: z.string(),
  expected: text,
  actual: text,
  repair: text,
  repairNote: text,
});

const summary = z.strictObject({
  ran: z.array(rule),
  partly: z.array(rule),
  skipped: z.array(rule),
  incomplete: z.array(z.strictObject({ rules: z.array(rule), why: z.string() })),
  truncated: z.boolean(),
  cutOff: z.array(rule),
  moreInfos: z.int(),
  infosLeftOut: z.array(z.strictObject({ rule, count: z.int() })),
  read: z
    .strictObject({
      sessions: z.int(),
      processes: z.int(),
      events: z.int().nullable(),
      archives: z.int().nullable(),
    })
    .nullable(),
  errors: z.int(),
  warnings: z.int(),
  infos: z.int(),
  baselined: z.int(),
  notes: z.array(z.string()),
  notApplicable: z.array(z.strictObject({ rule, why: z.string() })),
  counts: z
    .strictObject({
      sessions: z.int(),
      sessionsWithTasks: z.int(),
      orphaned: z.int(),
      tasks: z.int(),
      validTasks: z.int(),
      interactions: z.int(),
    })
    .nullable(),
  tookMs: z.int(),
  exitCode: z.int(),
});

/** Schema of `--format json`. Fields may be added; a change of meaning needs a new `schemaVersion`. */
export const reportSchema = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  tool: z.literal('verify-sessions'),
  version: z.string(),
  source: z.string(),
  notes: z.array(z.string()),
  asked: z.string(),
  timeline: z.array(turn).nullable(),
  findings: z.array(finding),
  summary,
});

export const reportJsonSchema = (): string => `${JSON.stringify(z.toJSONSchema(reportSchema), null, 2)}\n`;
