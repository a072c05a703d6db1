import { PhaselockError, QUESTION_CODES } from '@phaselock/core';
import type { BulkOutcome, StartOutcome } from '@phaselock/guard';
import { Refusal } from '../server/refusal.ts';
import { briefView } from '../views/session-view.ts';

const locationOf = (id: string) => ({ Location: `/v1/sessions/${id}` });

/**
 * Translates the outcome of a start into HTTP: a session is 200 or 201; a question or a refusal is a problem that
 * states how to continue.
 */
export function startAnswer(outcome: StartOutcome) {
  switch (outcome.kind) {
    case 'existing':
      return {
        status: 200 as const,
        body: {
          outcome: outcome.kind,
          message: outcome.text,
          session: briefView(outcome.session),
          predecessor: null,
        },
      };
    case 'created':
    case 'created-beside':
    case 'replaced':
      return {
        status: 201 as const,
        headers: locationOf(outcome.session.id),
        body: {
          outcome: outcome.kind,
          message: null,
          session: briefView(outcome.session),
          predecessor: outcome.kind === 'replaced' ? outcome.predecessor : null,
        },
      };
    case 'ask':
    case 'refused':
      throw refusalOf(outcome);
  }
}

function refusalOf(outcome: Extract<StartOutcome, { kind: 'ask' | 'refused' }>): Refusal {
  if (outcome.kind === 'refused' && outcome.code === 'model_missing')
    return new Refusal(outcome.code, { why: outcome.why });
  const { question, warning, session, reasons, shown } = outcome;
  return new Refusal(outcome.kind === 'ask' ? QUESTION_CODES[question] : outcome.code, {
    question,
    warning,
    session: briefView(session),
    reasons: reasons.map((reason) => ({ ...reason })),
    confirm: { kind: 'replace', shown },
  });
}

/**
 * Translates the outcome of one item of a bulk start. Its failure is returned, not thrown, so the other items keep
 * their answers.
 */
export function bulkAnswer(outcome: BulkOutcome): ReturnType<typeof startAnswer> | PhaselockError {
  if (outcome.kind === 'failed') {
    const { code, detail } = outcome;
    return new PhaselockError(code, { ...(detail !== undefined && { detail }) });
  }
  try {
    return startAnswer(outcome);
  } catch (error) {
    if (error instanceof PhaselockError) return error;
    throw error;
  }
}
