import { z } from 'zod';

export const SCHEMA_VERSION = 1;

const text = z.string();
const maybe = text.nullable();
// Any 128-bit id: ids of tasks and attempts may come from a caller, who need not follow the versions of RFC 9562.
const id = z.guid();
const time = z.iso.datetime({ offset: false, precision: 3 });
const count = z.int().nonnegative();

const usage = z.strictObject({ inputTokens: count, outputTokens: count, turns: count, costUsdMicros: count });
const model = z.strictObject({
  agent: text,
  variant: maybe,
  model: maybe,
  resolvedModel: text
    .exactOptional()
    .describe('The model that this name referred to at that time. Absent in archives of earlier releases.'),
  parameters: z.record(text, z.unknown()),
});

const session = z.strictObject({
  id,
  taskId: id,
  phase: z.enum(['plan', 'run', 'verify']),
  mode: z.enum(['standard', 'debug']),
  model: model.describe('The model identity as resolved when the session was created.'),
  status: text,
  generation: count.describe("The slot's counter when the session was created: the fencing token."),
  version: count.describe('The version of the session when it was archived; every change increments it.'),
  guarded: z.boolean(),
  standalone: z.boolean(),
  userId: maybe.describe('The user who started the session.'),
  predecessorId: id.nullable().describe('The session it replaced.'),
  replacedBy: id.nullable().describe('The session that replaced it.'),
  handoff: maybe.describe('The text handed over from the previous conversation.'),
  agentSessionId: maybe,
  milestoneId: text.exactOptional().describe('Set for a session that spanned several tasks.'),
  takenUp: text
    .exactOptional()
    .describe('Agent session id of an earlier conversation of the slot that this session continued after a retry.'),
  conversationOf: id.exactOptional().describe('The session in which the continued conversation began.'),
  keptThrough: count
    .exactOptional()
    .describe('Sequence number of the last process before the session was kept for a slightly different model; or 0.'),
  usage,
  createdAt: time,
  updatedAt: time,
  endedAt: time.nullable(),
  deletedAt: time,
  deletedReason: text,
});

const process = z.strictObject({
  id,
  attemptId: id,
  seq: count,
  action: z.enum(['CodingAgentInitialRequest', 'CodingAgentFollowUpRequest']),
  reason: text,
  passedSessionId: maybe,
  preRetrySessionId: maybe,
  skipContext: z.boolean(),
  agentSessionId: maybe,
  invalidated: z.boolean(),
  dropped: z.boolean(),
  model,
  generation: count,
  status: text,
  exitCode: z.int().nullable(),
  usage,
  startedAt: time,
  endedAt: time.nullable(),
});

const event = z.strictObject({
  id: count,
  sessionId: id,
  type: text,
  reason: maybe,
  generation: count,
  predecessorId: id.nullable(),
  actor: maybe,
  detail: z.unknown(),
  at: time,
  place: z.int().positive().exactOptional().describe('Its position among the events of its session.'),
  hash: z
    .string()
    .regex(/^[\da-f]{64}$/)
    .exactOptional()
    .describe(
      'SHA-256 over the hash of the event before it and itself. Absent, like `place`, in events of earlier releases.',
    ),
});

const feedback = z.strictObject({ id: count, rating: text, comment: maybe, createdBy: maybe, createdAt: time });

const log = z.strictObject({
  id: count,
  processId: id.nullable(),
  kind: z.enum(['stdout', 'stderr', 'event', 'result']),
  at: time,
  line: text,
});

export const FORMAT = 'phaselock-session-archive';

/** The archive document of one session. docs/archive.schema.json is generated from this schema. */
export const sessionArchive = z.strictObject({
  format: z.literal(FORMAT),
  schemaVersion: z.literal(SCHEMA_VERSION),
  session,
  processes: z.array(process),
  events: z
    .array(event)
    .describe('The events of the session, including its replacement, which is recorded with its successor.'),
  feedback: z.array(feedback),
  logs: z
    .array(log)
    .describe('In the order in which they were written. Lines of kind "result" are intermediate results.'),
});

/**
 * The schemas of the parts, for readers that validate a document while it streams, by schema version. A release keeps
 * the schemas of all earlier versions, because archives are never rewritten.
 */
export const PART_SCHEMAS: ReadonlyMap<number, PartSchemas> = new Map([
  [SCHEMA_VERSION, { session, process, event, feedback, log }],
]);

type PartSchemas = {
  readonly session: z.ZodType<Fields>;
  readonly process: z.ZodType<Fields>;
  readonly event: z.ZodType<Fields>;
  readonly feedback: z.ZodType<Fields>;
  readonly log: z.ZodType<Fields>;
};

/** A validated part of a document: its fields, whatever the schema version. */
export type Fields = Readonly<Record<string, unknown>>;

type SessionArchive = z.infer<typeof sessionArchive>;
export type ArchivedSession = SessionArchive['session'];
export type ArchivedProcess = SessionArchive['processes'][number];
export type ArchivedEvent = SessionArchive['events'][number];
export type ArchivedFeedback = SessionArchive['feedback'][number];
export type ArchivedLog = SessionArchive['logs'][number];

export const archiveJsonSchema = (): unknown => ({
  $id: 'https://phaselock.dev/schemas/session-archive-1.json',
  title: 'An archived session',
  ...z.toJSONSchema(sessionArchive),
});
