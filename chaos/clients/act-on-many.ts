import { ApiProblem } from '@phaselock/contract';
import type { Operation } from '../history/operation.ts';
import { roundedNow } from '../history/recorder.ts';
import { MODEL_NAMES } from './models.ts';
import { type StartOf, slotKey, startAsked, startBody, startTold } from './operations.ts';
import type { User } from './user.ts';

type Outcome = Pick<Operation, 'outcome'> & Partial<Operation>;

/** Sends one bulk request. The history gets one operation per item, because each item succeeds or fails on its own. */
export async function startBulk(user: User): Promise<void> {
  const { board, random, speaker, recorder } = user;
  const items: StartOf[] = [];
  for (let index = random.whole(2, 8); index > 0; index -= 1) {
    const slot = board.pickSlot(random);
    if (slot !== undefined && !items.some((item) => slotKey(item.slot) === slotKey(slot)))
      items.push({ slot, model: random.pick(MODEL_NAMES) });
  }
  if (items.length === 0) return;
  const key = user.unique('bulk');
  const api = speaker.api();
  for (let tries = random.whole(1, 2); tries > 0; tries -= 1) {
    const at = roundedNow();
    const outcomes = await outcomesOf(items.length, async () => {
      const body = { items: items.map(startBody) };
      const { results } = (await speaker.client(api).startMany({ body, idempotencyKey: key })).body;
      return results.map(({ answer, problem, status }): Outcome => {
        if (answer !== null) return { outcome: 'ok', told: startTold(answer) };
        const code = problem?.code ?? 'lost';
        return { outcome: status >= 500 ? 'unknown' : 'refused', status, code };
      });
    });
    const until = roundedNow();
    for (const [index, item] of items.entries()) {
      const base = { client: speaker.number, api, at, until, kind: 'start' as const, key: `${key}#${index}` };
      const outcome = outcomes[index] ?? { outcome: 'unknown', code: 'lost' };
      recorder.operation({ ...base, slot: slotKey(item.slot), asked: startAsked(item), ...outcome });
    }
    if (outcomes.every(({ outcome }) => outcome !== 'unknown')) return;
  }
}

export async function deleteBulk(user: User): Promise<void> {
  const { board, random, speaker, recorder } = user;
  const works = [board.pastWork(random), board.pastWork(random)].flatMap((work) => (work === undefined ? [] : [work]));
  if (works.length === 0) return;
  const api = speaker.api();
  const at = roundedNow();
  const outcomes = await outcomesOf(works.length, async () => {
    await speaker.client(api).deleteMany({ body: { sessionIds: works.map(({ session }) => session) } });
    return works.map((): Outcome => ({ outcome: 'ok', told: {} }));
  });
  const until = roundedNow();
  for (const [index, { slot, session, generation }] of works.entries()) {
    const base = { client: speaker.number, api, at, until, kind: 'delete' as const, session, generation, asked: {} };
    const outcome = outcomes[index] ?? { outcome: 'unknown', code: 'lost' };
    recorder.operation({ ...base, ...(slot !== undefined && { slot }), ...outcome });
  }
}

async function outcomesOf(count: number, call: () => Promise<Outcome[]>): Promise<Outcome[]> {
  try {
    return await call();
  } catch (error) {
    const refused = error instanceof ApiProblem && error.status < 499;
    const code = error instanceof ApiProblem ? error.code : 'lost';
    const status = error instanceof ApiProblem ? { status: error.status } : {};
    return Array.from({ length: count }, () => ({ outcome: refused ? 'refused' : 'unknown', code, ...status }));
  }
}
