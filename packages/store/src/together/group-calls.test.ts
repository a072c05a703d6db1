import { describe, expect, it } from 'vitest';
import { OutOfTime } from '../time-left.ts';
import { type GroupLimits, groupCalls } from './group-calls.ts';

type Call = { readonly key: string; readonly name: string; readonly remainingMs: number };
type Sent = {
  readonly calls: readonly string[];
  end(answers?: readonly (string | undefined)[]): void;
  fail(error: Error): void;
};

const call = (name: string, { key = name, remainingMs = 1_000 } = {}): Call => ({ key, name, remainingMs });

/** Calls whose statements end when the test says so. */
function openGroups(limits: Partial<GroupLimits> = {}) {
  const sent: Sent[] = [];
  const statement = <Answer>(
    calls: readonly string[],
    answerOf: (answers: readonly (string | undefined)[]) => Answer,
  ) =>
    new Promise<Answer>((resolve, fail) => {
      const own = calls.map((name) => `${name} done`);
      sent.push({ calls, end: (answers = own) => resolve(answerOf(answers)), fail });
    });
  const send = groupCalls<Call, string>({
    limits: { flights: 2, most: 4, countedMs: 60_000, ...limits },
    now: () => performance.now(),
    keyOf: ({ key }) => key,
    timeLeft: ({ remainingMs }) => ({ remainingMs: () => remainingMs, waitMs: () => remainingMs }),
    alone: ({ name }) => statement([name], ([answer]) => answer ?? 'no answer'),
    observer: { sent: () => {}, leftOut: () => {} },
    together: (calls) =>
      statement(
        calls.map(({ name }) => name),
        (answers) => answers,
      ),
  });
  return { sent, send, calls: () => sent.map(({ calls }) => calls) };
}

/** Two calls that are under way, so that the next ones wait. */
async function whileTwoAreUnderWay(limits: Partial<GroupLimits> = {}) {
  const groups = openGroups(limits);
  const first = groups.send(call('a'));
  const second = groups.send(call('b'));
  const [one, other] = groups.sent;
  if (one === undefined || other === undefined) throw new Error('a call was not sent at once');
  return { ...groups, first, second, one, other };
}

describe('calls of one function', () => {
  it('are sent alone and at once while few are under way', async () => {
    const { first, second, one, other, calls } = await whileTwoAreUnderWay();
    other.end();
    expect(await second).toBe('b done');
    one.end();
    expect(await first).toBe('a done');
    expect(calls()).toEqual([['a'], ['b']]);
  });

  it('wait behind those under way and go as one, in the order of their keys', async () => {
    const { send, one, sent, calls } = await whileTwoAreUnderWay();
    const later = [send(call('e')), send(call('c')), send(call('d'))];
    expect(calls()).toHaveLength(2);
    one.end();
    await expect.poll(calls).toEqual([['a'], ['b'], ['c', 'd', 'e']]);
    sent[2]?.end();
    expect(await Promise.all(later)).toEqual(['e done', 'c done', 'd done']);
  });

  it('go alone when no other waits', async () => {
    const { send, one, sent, calls } = await whileTwoAreUnderWay();
    const later = send(call('c'));
    one.end();
    await expect.poll(calls).toEqual([['a'], ['b'], ['c']]);
    sent[2]?.end();
    expect(await later).toBe('c done');
  });

  it('with one key are never in one group', async () => {
    const { send, one, sent, calls } = await whileTwoAreUnderWay();
    const later = [send(call('c')), send(call('c again', { key: 'c' })), send(call('d'))];
    one.end();
    await expect.poll(calls).toEqual([['a'], ['b'], ['c', 'd']]);
    sent[2]?.end();
    await expect.poll(calls).toEqual([['a'], ['b'], ['c', 'd'], ['c again']]);
    sent[3]?.end();
    expect(await Promise.all(later)).toEqual(['c done', 'c again done', 'd done']);
  });

  it('are sent at once when a group is full, however many are under way', async () => {
    const { send, one, other, sent, calls } = await whileTwoAreUnderWay({ most: 2 });
    const later = [send(call('c')), send(call('d')), send(call('e'))];
    await expect.poll(calls).toEqual([['a'], ['b'], ['c', 'd']]);
    for (const { end } of [one, other]) end();
    await expect.poll(calls).toEqual([['a'], ['b'], ['c', 'd'], ['e']]);
    for (const { end } of sent.slice(2)) end();
    expect(await Promise.all(later)).toEqual(['c done', 'd done', 'e done']);
  });

  it('do not wait behind statements that take long', async () => {
    const { send, sent, calls } = await whileTwoAreUnderWay({ countedMs: 1 });
    const waited = send(call('c'));
    await expect.poll(calls).toContainEqual(['c']);
    sent.at(-1)?.end();
    expect(await waited).toBe('c done');
  });
});

describe('a call that waits', () => {
  it('is sent in time although calls before it did not have to wait that long', async () => {
    const { send, one, calls } = await whileTwoAreUnderWay({ countedMs: 100 });
    void send(call('c'));
    one.end();
    await expect.poll(calls).toContainEqual(['c']);
    // Two are under way again, and neither of them ends.
    void send(call('d'));
    await expect.poll(calls).toContainEqual(['d']);
  });
});

describe('a call of a group', () => {
  it('that was left out is sent alone, and does not count as under way while it waits', async () => {
    const { send, one, other, second, sent, calls } = await whileTwoAreUnderWay();
    const [left, carried] = [send(call('c')), send(call('d'))];
    one.end();
    await expect.poll(calls).toContainEqual(['c', 'd']);
    sent[2]?.end([undefined, 'd done']);
    expect(await carried).toBe('d done');
    await expect.poll(calls).toContainEqual(['c']);
    other.end();
    await second;
    // The lone call is still under way, and yet two more are sent at once.
    const more = [send(call('e')), send(call('f'))];
    expect(calls().slice(4)).toEqual([['e'], ['f']]);
    for (const { end } of sent.slice(3)) end();
    expect(await Promise.all([left, ...more])).toEqual(['c done', 'e done', 'f done']);
  });

  it('fails with the failure of its statement, and the next group is sent', async () => {
    const { send, one, sent, calls } = await whileTwoAreUnderWay({ most: 2 });
    const failed = Promise.allSettled([send(call('c')), send(call('d'))]);
    await expect.poll(calls).toContainEqual(['c', 'd']);
    const later = send(call('e'));
    one.end();
    sent[2]?.fail(new Error('the connection was lost'));
    expect(await failed).toMatchObject([
      { status: 'rejected', reason: { message: 'the connection was lost' } },
      { status: 'rejected', reason: { message: 'the connection was lost' } },
    ]);
    await expect.poll(calls).toContainEqual(['e']);
    sent[3]?.end();
    expect(await later).toBe('e done');
  });

  it('whose caller no longer waits is not sent', async () => {
    const { send, one, sent, calls } = await whileTwoAreUnderWay();
    const late = send(call('late', { remainingMs: 0 }));
    const inTime = send(call('c'));
    const refused = expect(late).rejects.toBeInstanceOf(OutOfTime);
    one.end();
    await refused;
    await expect.poll(calls).toEqual([['a'], ['b'], ['c']]);
    sent[2]?.end();
    expect(await inTime).toBe('c done');
  });
});
