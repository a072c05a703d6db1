import { OutOfTime, type TimeLeft } from '../time-left.ts';

/** How calls that arrive at the same time are grouped. */
export type GroupLimits = {
  /** The number of statements under way from which a call waits for company. */
  readonly flights: number;
  /** The largest number of calls in one statement. A full group is sent at once, however many are under way. */
  readonly most: number;
  /**
   * A statement that is under way for longer does not count any more, so that a call never waits for longer than this
   * behind others, such as behind one that waits for a lock.
   */
  readonly countedMs: number;
};

export const DEFAULT_GROUPS: GroupLimits = { flights: 2, most: 16, countedMs: 10 };

export type GroupedCalls<Call, Answer> = {
  readonly limits: GroupLimits;
  readonly now: () => number;
  /** Two calls with one key, such as of one session, are never in one group. */
  keyOf(call: Call): string;
  timeLeft(call: Call): TimeLeft;
  alone(call: Call): Promise<Answer>;
  /** Sends calls as one statement, in the order of their keys. A call without an answer is sent alone afterwards. */
  together(calls: readonly Call[]): Promise<readonly (Answer | undefined)[]>;
  readonly observer: GroupObserver;
  /** Until when answers keep their statement under way, such as until a transaction has ended. */
  lasts?(answers: readonly Answer[]): Promise<void>;
};

type GroupObserver = {
  /** So many calls were sent in one statement. */
  sent(calls: number): void;
  /** So many calls of a group have no answer. They are sent alone. */
  leftOut(calls: number): void;
};

type Flight = { readonly since: number };

type Outcome<Answer> =
  | { readonly kind: 'answered'; readonly answer: Answer }
  /** The group could not carry the call. It does not count as under way, because it may wait for a lock. */
  | { readonly kind: 'left-out' }
  /** No other call was waiting. */
  | { readonly kind: 'without-company'; readonly flight: Flight };

type Waiting<Call, Answer> = {
  readonly call: Call;
  readonly key: string;
  readonly settle: (outcome: Outcome<Answer>) => void;
  readonly fail: (error: unknown) => void;
};

/**
 * Sends each call alone while few are under way. What arrives meanwhile waits, and goes as one statement as soon as one
 * of those under way has ended: a single call is as fast as without groups, and the groups grow with the load.
 */
export function groupCalls<Call, Answer>(parts: GroupedCalls<Call, Answer>): (call: Call) => Promise<Answer> {
  const { limits, now, keyOf, timeLeft, together, observer } = parts;
  // A set keeps the order of insertion, so the first flight is the oldest.
  const underWay = new Set<Flight>();
  let waiting: Waiting<Call, Answer>[] = [];
  let timer: NodeJS.Timeout | undefined;

  const alone = async (call: Call): Promise<Answer> => {
    observer.sent(1);
    return await parts.alone(call);
  };

  const takeOff = (): Flight => {
    const flight = { since: now() };
    underWay.add(flight);
    return flight;
  };

  const land = (flight: Flight): void => {
    underWay.delete(flight);
    dispatch();
  };

  const landAfter = (flight: Flight, answers: readonly Answer[]): void => {
    if (parts.lasts === undefined) land(flight);
    else void parts.lasts(answers).finally(() => land(flight));
  };

  const forgetSlowFlights = (): void => {
    for (const flight of underWay) {
      if (now() - flight.since < limits.countedMs) return;
      underWay.delete(flight);
    }
  };

  const isRoom = (): boolean => underWay.size < limits.flights;

  const dispatch = (): void => {
    while (waiting.length > 0 && (isRoom() || waiting.length >= limits.most)) launch();
    const [oldest] = underWay;
    if (waiting.length === 0) {
      clearTimeout(timer);
      timer = undefined;
    }
    if (waiting.length === 0 || timer !== undefined || oldest === undefined) return;
    timer = setTimeout(
      () => {
        timer = undefined;
        forgetSlowFlights();
        dispatch();
      },
      Math.max(1, oldest.since + limits.countedMs - now()),
    );
  };

  const launch = (): void => {
    const group = takeGroup();
    const [first] = group;
    if (first === undefined) return;
    const flight = takeOff();
    if (group.length === 1) first.settle({ kind: 'without-company', flight });
    else void fly(group, flight);
  };

  /** The calls that have waited longest, one of each key, in the order of the keys. */
  const takeGroup = (): Waiting<Call, Answer>[] => {
    const group = new Map<string, Waiting<Call, Answer>>();
    const left: Waiting<Call, Answer>[] = [];
    for (const one of waiting) {
      if (timeLeft(one.call).remainingMs() <= 0) one.fail(new OutOfTime());
      else if (group.size < limits.most && !group.has(one.key)) group.set(one.key, one);
      else left.push(one);
    }
    waiting = left;
    return [...group.values()].sort((one, other) => (one.key < other.key ? -1 : 1));
  };

  const fly = async (group: readonly Waiting<Call, Answer>[], flight: Flight): Promise<void> => {
    try {
      observer.sent(group.length);
      const answers = await together(group.map(({ call }) => call));
      const given = answers.filter((answer) => answer !== undefined);
      observer.leftOut(group.length - given.length);
      for (const [index, { settle }] of group.entries()) {
        const answer = answers[index];
        settle(answer === undefined ? { kind: 'left-out' } : { kind: 'answered', answer });
      }
      landAfter(flight, given);
    } catch (error) {
      for (const { fail } of group) fail(error);
      land(flight);
    }
  };

  const sendAlone = async (call: Call, flight: Flight): Promise<Answer> => {
    try {
      const answer = await alone(call);
      landAfter(flight, [answer]);
      return answer;
    } catch (error) {
      land(flight);
      throw error;
    }
  };

  return async (call) => {
    if (waiting.length === 0 && !isRoom()) forgetSlowFlights();
    if (waiting.length === 0 && isRoom()) return await sendAlone(call, takeOff());
    const outcome = await new Promise<Outcome<Answer>>((settle, fail) => {
      waiting.push({ call, key: keyOf(call), settle, fail });
      dispatch();
    });
    switch (outcome.kind) {
      case 'answered':
        return outcome.answer;
      case 'left-out':
        return await alone(call);
      case 'without-company':
        return await sendAlone(call, outcome.flight);
    }
  };
}
