import { compareNames } from '../clients/models.ts';
import type { Operation } from '../history/operation.ts';
import { type Checker, createFindings, entryOf, ofOperations } from './checker.ts';
import { createFirstTries } from './first-tries.ts';

type Conversation = {
  readonly session: string;
  readonly process: string;
  readonly model: string | undefined;
  readonly operation: Operation;
};

/**
 * Checks models: only the same model may resume a reported conversation id, and a start never returns a session of
 * another model without saying so.
 */
export function checkModels(): Checker {
  const findings = createFindings();
  const tries = createFirstTries();
  const models = new Map<string, Set<string>>();
  const ids = new Map<string, Conversation[]>();
  const turns = new Map<string, Operation>();
  const modelOfProcess = new Map<string, string>();
  const told: Operation[] = [];
  let starts = 0;

  const take = (operation: Operation) => {
    tries.note(operation);
    const { kind, outcome, asked, told: answer, session, process } = operation;
    if ((kind === 'start' || kind === 'standalone') && outcome === 'ok' && answer?.session !== undefined) {
      starts += 1;
      if (answer.model !== undefined) entryOf(models, answer.session, () => new Set()).add(answer.model);
      // A repeated request returns the current session, which may have been kept for another model meanwhile.
      if (asked.model !== undefined && answer.model !== asked.model && tries.earliestOf(operation) === operation.at)
        findings.add(
          'silent-model',
          `${asked.model} was requested, the response is ${answer.outcome} with ${answer.model}`,
          operation,
        );
    }
    if (kind === 'turn' && outcome === 'ok' && answer?.process !== undefined && answer.session !== undefined) {
      if (!turns.has(answer.process)) turns.set(answer.process, operation);
      if (asked.model !== undefined) {
        modelOfProcess.set(answer.process, asked.model);
        entryOf(models, answer.session, () => new Set()).add(asked.model);
      } else if (answer.session !== session) {
        // The turn replaced the session and named no model, so the successor has the model of its predecessor.
        for (const model of models.get(session ?? '') ?? [])
          entryOf(models, answer.session, () => new Set()).add(model);
      }
    }
    if ((kind === 'agent-session' || kind === 'finish') && asked.agentId !== undefined && outcome !== 'refused') {
      const conversation = { session: session ?? '', process: process ?? '', model: undefined, operation };
      entryOf(ids, asked.agentId, () => []).push(conversation);
      if (outcome === 'ok') told.push(operation);
    }
  };

  const conclude: Checker['conclude'] = ({ final: { before } }) => {
    let resumed = 0;
    const toldBySession = Map.groupBy(told, ({ session }) => session ?? '');
    for (const turn of turns.values()) {
      const { told: answer, asked } = turn;
      if (answer?.session === undefined) continue;
      const { passed, session } = answer;
      const follows = answer.action === 'CodingAgentFollowUpRequest';
      if (follows !== (passed !== null)) findings.add('action', `${answer.action} passes ${passed}`, turn);
      if (passed === null || passed === undefined) {
        checkFresh(turn, toldBySession.get(session) ?? []);
        continue;
      }
      resumed += 1;
      const known = ids.get(passed);
      if (known === undefined) {
        if (before.conversations.has(passed)) continue;
        findings.add('unknown-id', `${passed} was resumed, but no client ever reported it`, turn);
        continue;
      }
      if (
        asked.preRetry === undefined &&
        answer.replaced === null &&
        !known.some((one) => one.session === session) &&
        turn.slot === undefined
      )
        findings.add(
          'id-of-another',
          `${passed} was resumed in session ${session}, but reported in ${known[0]?.session}`,
          turn,
          ...known.map(({ operation }) => operation),
        );
      const wanted = asked.model;
      if (wanted === undefined || asked.confirm === 'keep') continue;
      const made = known.flatMap(({ process }) => modelsOf(process, turns, modelOfProcess, models));
      if (made.length > 0 && made.every((model) => compareNames(model, wanted) === 'changed'))
        findings.add('resumed-another-model', `${passed} of ${made.join(', ')} was resumed with ${wanted}`, turn);
    }
    return {
      compared: { 'starts by model': starts, 'conversations resumed': resumed, 'turns by model': turns.size },
      findings: findings.all(),
    };
  };

  /** A later turn of the same session may start without a resumed id only if no id was known. */
  const checkFresh = (turn: Operation, conversations: readonly Operation[]) => {
    const sent = tries.earliestOf(turn);
    const { told: answer, session } = turn;
    if (answer?.session !== session || turn.asked.skipContext === true || turn.asked.lost !== undefined) return;
    const before = conversations.find(({ until, process }) => until < sent && process !== answer?.process);
    if (before !== undefined)
      findings.add('not-resumed', `session ${session} has a conversation, but a turn did not resume it`, before, turn);
  };
  return { name: 'models', take: ofOperations(take), conclude };
}

/** The models a process may have run: the model named by its turn, else every model its session has had. */
function modelsOf(
  process: string,
  turns: ReadonlyMap<string, Operation>,
  named: ReadonlyMap<string, string>,
  models: ReadonlyMap<string, ReadonlySet<string>>,
): readonly string[] {
  const model = named.get(process);
  if (model !== undefined) return [model];
  return [...(models.get(turns.get(process)?.told?.session ?? '') ?? [])];
}
