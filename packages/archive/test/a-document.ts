const ID = '01936f6e-0000-7000-8000-000000000001';
const AT = '2026-11-22T12:00:00.000Z';
const usage = { inputTokens: 1, outputTokens: 2, turns: 1, costUsdMicros: 3 };
const model = { agent: 'claude-code', variant: null, model: 'claude-sonnet-4-5', parameters: { effort: 'high' } };

const HEAD = {
  format: 'phaselock-session-archive',
  schemaVersion: 1,
  session: {
    id: ID,
    taskId: ID,
    phase: 'run',
    mode: 'standard',
    model,
    status: 'ready',
    generation: 1,
    version: 4,
    guarded: true,
    standalone: false,
    userId: null,
    predecessorId: null,
    replacedBy: null,
    handoff: null,
    agentSessionId: 'agent "1"\\',
    usage,
    createdAt: AT,
    updatedAt: AT,
    endedAt: null,
    deletedAt: AT,
    deletedReason: 'deleted',
  },
  processes: [
    {
      id: ID,
      attemptId: ID,
      seq: 1,
      action: 'CodingAgentInitialRequest',
      reason: 'first',
      passedSessionId: null,
      preRetrySessionId: null,
      skipContext: false,
      agentSessionId: 'agent "1"\\',
      invalidated: false,
      dropped: false,
      model,
      generation: 1,
      status: 'completed',
      exitCode: 0,
      usage,
      startedAt: AT,
      endedAt: AT,
    },
  ],
  events: [
    {
      id: 1,
      sessionId: ID,
      type: 'created',
      reason: 'first',
      generation: 1,
      predecessorId: null,
      actor: 'ada',
      detail: { nested: [[], {}, '],}'] },
      at: AT,
    },
  ],
  feedback: [{ id: 1, rating: 'good', comment: null, createdBy: null, createdAt: AT }],
} as const;

const head = `${JSON.stringify(HEAD).slice(0, -1)},"logs":[`;
const line = (nth: number, text: string): string =>
  JSON.stringify({ id: nth, processId: ID, kind: 'stdout', at: AT, line: text });

/** The text of an archive document with this many log lines. */
export const aDocument = ({ lines }: { readonly lines: number }): string =>
  `${head}${Array.from({ length: lines }, (_, nth) => line(nth, `line ${nth}`)).join(',')}]}\n`;

/** The text of a document with long log lines, in parts. */
export function* aLongDocument({ lines, width }: { readonly lines: number; readonly width: number }) {
  yield head;
  for (let nth = 0; nth < lines; nth += 1) yield `${nth === 0 ? '' : ','}${line(nth, `${nth} €`.padEnd(width, 'x'))}`;
  yield ']}\n';
}
