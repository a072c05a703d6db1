import type { Ref } from '../history/operation.ts';
import type { Random } from '../random.ts';
import type { SlotName, Work } from './operations.ts';
import type { Sending } from './speaker.ts';

/**
 * The state that all simulated clients share: known tasks, sessions they were shown, and past work. Parts of it are
 * deliberately out of date.
 */

type KnownTask = { readonly id: string; readonly project: string; readonly attempts: string[]; uses: number };

export type PastWork = Work & {
  readonly attempt: string;
  readonly agentId: string | undefined;
  readonly model: string;
};

export type Board = {
  readonly projects: string[];
  /** Tasks in use; a task leaves this list after a number of uses. */
  readonly tasks: KnownTask[];
  /** Every task ever created, for the final read. */
  readonly allTasks: Map<string, string>;
  pickTask(random: Random): KnownTask | undefined;
  pickSlot(random: Random): SlotName | undefined;
  /** Sessions named in a question or another response, oldest first. */
  remember(slot: string, ref: Ref): void;
  shownIn(slot: string): readonly Ref[];
  keepWork(work: PastWork): void;
  pastWork(random: Random): PastWork | undefined;
  pastWorkIn(slot: string): readonly PastWork[];
  keepSending(sending: Sending): void;
  pastSending(random: Random): Sending | undefined;
};

const SHOWN_KEPT = 6;
const WORK_KEPT = 600;
const SENDINGS_KEPT = 400;
/** Limits the history of a slot, because the linearizability check searches it. */
const USES_OF_A_TASK = 220;

const PHASES: readonly string[] = ['plan', 'run', 'verify'];

export function createBoard(): Board {
  const tasks: KnownTask[] = [];
  const shown = new Map<string, Ref[]>();
  const past: PastWork[] = [];
  const sendings: Sending[] = [];
  const pickTask = (random: Random) => (tasks.length === 0 ? undefined : random.pick(tasks));
  return {
    projects: [],
    tasks,
    allTasks: new Map(),
    pickTask,
    pickSlot: (random) => {
      const task = pickTask(random);
      if (task === undefined) return undefined;
      task.uses += 1;
      if (task.uses > USES_OF_A_TASK) tasks.splice(tasks.indexOf(task), 1);
      return { task: task.id, phase: random.pick(PHASES), mode: random.chance(0.15) ? 'debug' : 'standard' };
    },
    remember: (slot, ref) => {
      const known = shown.get(slot) ?? [];
      if (known.at(-1)?.session === ref.session) return;
      known.push(ref);
      shown.set(slot, known.slice(-SHOWN_KEPT));
    },
    shownIn: (slot) => shown.get(slot) ?? [],
    keepWork: (work) => keep(past, work, WORK_KEPT),
    pastWork: (random) => (past.length === 0 ? undefined : random.pick(past)),
    pastWorkIn: (slot) => past.filter((work) => work.slot === slot),
    keepSending: (sending) => keep(sendings, sending, SENDINGS_KEPT),
    pastSending: (random) => (sendings.length === 0 ? undefined : random.pick(sendings)),
  };
}

function keep<Item>(items: Item[], item: Item, most: number): void {
  items.push(item);
  if (items.length > most) items.shift();
}
