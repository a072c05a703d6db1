import { z } from 'zod';

export const SCHEMA_VERSION = 1;

const text = z.string();
const maybe = text.nullable();
const id = z.uuid();
const time = z.iso.datetime({ offset: false, precision: 3 });
const count = z.int().nonnegative();

const usage = z.strictObject({ inputTokens: count, outputTokens: count, turns: count, costUsdMicros: count });
const model = z.strictObject({
  agent: text,
  variant: maybe,
  model: maybe,
  resolvedModel: text.exactOptional().describe('What that name stood for then. Not in archives of earlier releases.'),
  parameters: z.record(text, z.unknown()),
});

const session = z.strictObject({
  id,
  taskId: id,
  phase: z.enum(['plan', 'run', 'verify']),
  mode: z.enum(['standard', 'debug']),
  model: model.describe('The identity as it was resolved when the session was made.'),
  status: text,
  generation: count.describe("The slot's counter at its birth: the fencing token."),
  version: count.describe('How often it had changed when it was archived.'),
  guarded: z.boolean(),
  standalone: z.boolean(),
  userId: maybe.describe('Who started it.'),
  predecessorId: id.nullable().describe('The session it replaced.'),
  replacedBy: id.nullable().describe('The session that replaced it.'),
  handoff: maybe.describe('What was taken along from the conversation before.'),
  agentSessionId: maybe,
  milestoneId: text.exactOptional().describe('Set for a session that spanned several tasks.'),
  takenUp: text.exactOptional().describe('An earlier conversation of the slot that went on in it after a retry.'),
  conversationOf: id.exactOptional().describe('The session in which that conversation began.'),
  keptThrough: count.exactOptional().describe('The last process before it was kept for a model that differs slightly.'),
  usage,
  createdAt: time,
  updatedAt: time,
  endedAt: time.nullable(),
  deletedAt: time,
  deletedReason: text,
});

const processes = z.array(
  z.strictObject({
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
  }),
);

const events = z
  .array(
    z.strictObject({
      id: count,
      sessionId: id,
      type: text,
      reason: maybe,
      generation: count,
      predecessorId: id.nullable(),
      actor: maybe,
      detail: z.unknown(),
      at: time,
    }),
  )
  .describe('What happened to it, its own replacement included, which is recorded with its successor.');

const feedback = z.array(
  z.strictObject({ id: count, rating: text, comment: maybe, createdBy: maybe, createdAt: time }),
);

const logs = z
  .array(
    z.strictObject({
      id: count,
      processId: id.nullable(),
      kind: z.enum(['stdout', 'stderr', 'event', 'result']),
      at: time,
      line: text,
    }),
  )
  .describe('In the order they were written. Intermediate results are the lines of the kind "result".');

/** One document a session: all that was known of it. docs/archive.schema.json is made from this. */
export const sessionArchive = z.strictObject({
  format: z.literal('phaselock-session-archive'),
  schemaVersion: z.literal(SCHEMA_VERSION),
  session,
  processes,
  events,
  feedback,
  logs,
});

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
