import { MODEL_NAMES } from '../../chaos/clients/models.ts';
import { slotKey, turn } from '../../chaos/clients/operations.ts';
import { remove } from '../../chaos/clients/session-operations.ts';
import { makeOwnTask, type Task } from './board.ts';
import { rate } from './feedback.ts';
import { answer, type Opened, openSlot, refOf, wholeOf } from './open-slot.ts';
import { exported, list, lookup, lookupMany, readSession } from './reads.ts';
import { appendLines, beat, beginTurn, finishTurn, type Turn, tellUsage } from './run-turn.ts';
import { otherModel, type User } from './user.ts';

export type PersonOptions = {
  readonly user: User;
  /** The project of its tasks; undefined for a user of shared tasks only. */
  readonly project: string | undefined;
  /** The tasks that all users share. */
  readonly shared: readonly Task[];
  /** Picks a task of the data that was seeded before the run; undefined if there is none. */
  readonly seeded: (() => Task) | undefined;
};

/** A simulated user of an orchestrator, together with the runner that executes the turns of this user. */
export type Person = {
  /**
   * Waits for the think time, then does one thing. Iterations are short, so that k6 can remove a user without cutting
   * work off.
   */
  act(): Promise<void>;
};

const PHASES = ['plan', 'run', 'verify'] as const;
const OWN_TASKS = 5;
const KEPT = 6;

export function createPerson({ user, project, shared, seeded }: PersonOptions): Person {
  const { random } = user;
  const own: Task[] = [];
  /** Sessions shown to this user, and those of them that it replaced, newest last. */
  const seen: Opened[] = [];
  const replaced: Opened[] = [];
  let opened: Opened | undefined;
  let running: Turn | undefined;

  const remember = (list: Opened[], one: Opened) => {
    list.push(one);
    if (list.length > KEPT) list.shift();
  };
  /** The latest attempt of each picked task: its turns begin in that attempt. */
  const attempts = new Map<string, string>();
  /**
   * Picks a task: usually a seeded one if there are any, else usually its own, so that two users seldom meet in a slot
   * unless all tasks are shared.
   */
  const pickTask = (): string => {
    const picked =
      seeded !== undefined && random.chance(0.8)
        ? seeded()
        : random.pick(own.length > 0 && (shared.length === 0 || random.chance(0.9)) ? own : shared);
    const attempt = picked.attempts.at(-1);
    if (attempt !== undefined) attempts.set(picked.id, attempt);
    return picked.id;
  };

  const lastSeenIn = (slot: Opened['slot']) => seen.filter((known) => slotKey(known.slot) === slotKey(slot)).at(-1);

  const open = async (slot: Opened['slot'], model: string) => {
    const before = lastSeenIn(slot)?.model ?? otherModel(random, model);
    const opening = await openSlot(user, slot, model);
    opened = opening.opened;
    if (opened !== undefined) remember(seen, opened);
    if (opening.replaced !== undefined) remember(replaced, { ...opening.replaced, slot, model: before });
  };

  const begin = async () => {
    if (opened === undefined) return;
    const attempt = attempts.get(opened.slot.task);
    if (attempt === undefined) return;
    const begun = await beginTurn(user, opened, attempt);
    running = begun.turn;
    // After `predecessor_stopping` a later turn can begin. After any other failure the user gives the session up.
    if (begun.turn === undefined && begun.code !== 'predecessor_stopping') opened = undefined;
  };

  const openAndBegin = async () => {
    const mode = random.chance(0.15) ? 'debug' : 'standard';
    const slot = { task: pickTask(), phase: random.pick(PHASES), mode } as const;
    await open(slot, random.pick(MODEL_NAMES));
    if (opened !== undefined && random.chance(0.85)) await begin();
  };

  /** Replaces the session under its running turn. The heartbeat then reports stop, and the runner finishes the turn. */
  const replaceUnderWay = async (turn: Turn) => {
    await open(turn.opened.slot, otherModel(random, turn.opened.model));
    if (opened === undefined) return;
    const course = await beat(user, turn);
    if (course === 'goes-on') return;
    running = undefined;
    await finishTurn(user, turn, 'killed');
    await begin();
  };

  const work = async (turn: Turn) => {
    const step = random.weighted({ beat: 30, logs: 28, usage: 12, look: 8, replace: 6, finish: 16 });
    if (step === 'look') return look();
    if (step === 'replace') return replaceUnderWay(turn);
    if (step === 'finish') {
      running = undefined;
      return finishTurn(user, turn, random.weighted({ completed: 8, failed: 2 }));
    }
    const course =
      step === 'beat'
        ? await beat(user, turn)
        : step === 'usage'
          ? await tellUsage(user, turn)
          : await appendLines(user, turn, random.whole(1, 6));
    if (course === 'goes-on') return;
    running = undefined;
    opened = undefined;
    await finishTurn(user, turn, 'killed');
  };

  const look = async () => {
    const known = seen.length === 0 ? undefined : random.pick(seen);
    switch (random.weighted({ lookup: 8, many: 3, list: 3, read: known ? 3 : 0, export: known ? 1 : 0 })) {
      case 'lookup':
        return void (await user.say(lookup(pickTask(), random.pick(PHASES))));
      case 'many':
        return void (await user.say(lookupMany(Array.from({ length: 20 }, pickTask))));
      case 'list':
        return void (await user.say(list(pickTask())));
      case 'read':
        return void (known && (await user.say(readSession(wholeOf(known)))));
      case 'export':
        return void (known && (await user.say(exported(known.session))));
    }
  };

  /**
   * Sends a stale turn, like a runner that has not learnt of the replacement, or a stale confirmation, like a dialog
   * left open too long.
   */
  const comeLate = async () => {
    const old = random.pick(replaced);
    const attempt = attempts.get(old.slot.task);
    if (attempt === undefined || random.chance(0.5)) {
      const live = lastSeenIn(old.slot)?.model ?? old.model;
      return void (await answer(user, old.slot, otherModel(random, live), refOf(old), 'stale-replace'));
    }
    const asking = { ...wholeOf(old), attempt };
    await user.say({ ...turn(user.unique('turn'), asking), name: 'stale-turn' });
  };

  const idle = async () => {
    const [again, rating, leaving] = opened === undefined ? [0, 0, 0] : [22, 4, 3];
    const late = replaced.length > 0 ? 5 : 0;
    switch (random.weighted({ open: 40, again, look: 26, late, rate: rating, delete: leaving })) {
      case 'open':
        return openAndBegin();
      case 'again':
        return begin();
      case 'look':
        return look();
      case 'late':
        return comeLate();
      case 'rate':
        return void (opened && (await judge(opened)));
      case 'delete':
        return void (opened && (await leave(opened)));
    }
  };

  const judge = (known: Opened) =>
    user.say(rate(user.unique('feedback'), wholeOf(known), user.unique('comment'), random.chance(0.9)));
  const leave = async (known: Opened) => {
    opened = undefined;
    await user.say({ ...remove(wholeOf(known)), name: 'delete' });
  };

  const act = async () => {
    user.think();
    if (project !== undefined && (own.length === 0 || (own.length < OWN_TASKS && random.chance(0.08)))) {
      const made = await makeOwnTask(user, project);
      if (made !== undefined) own.push(made);
    }
    if (own.length + shared.length === 0) return;
    await (running === undefined ? idle() : work(running));
  };
  return { act };
}
