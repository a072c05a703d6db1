import type { FinalSession } from './final-state.ts';
import type { Judging } from './judging.ts';
import { numberAt, textAt } from './read.ts';
import type { OpenStream } from './streams.ts';

const changeKey = (change: unknown): string =>
  ['sessionId', 'type', 'at', 'generation'].map((name) => String(Reflect.get(Object(change), name))).join(' ');

/**
 * Promise 9: two streams opened from the beginning after the walk, one per project, have each event of each session
 * once. Every other stream has a part of one of them without a gap, from its starting point.
 */
export function judgeStreams(
  judging: Judging,
  whole: readonly OpenStream[],
  streams: readonly OpenStream[],
  flaw: string | undefined,
): void {
  const complain = (promise: string, step: number, what: string): void =>
    judging.book.complain({ promise: `9 ${promise}`, step, what, about: [] });
  if (flaw !== undefined) complain('changes differ from the events', Number.POSITIVE_INFINITY, flaw);
  for (const stream of streams) {
    const wrong = flawOf(stream, whole, judging);
    const { step, operation, id, client, after } = stream;
    if (wrong !== undefined)
      complain(
        `stream ${wrong.split(':')[0]}`,
        step,
        `${operation} ${id} of ${client.name} from ${after ?? 'now'}: ${wrong}`,
      );
  }
}

/** Describes how the streamed changes differ from the recorded events, if they do. */
export function flawOfWhole(whole: readonly OpenStream[], sessions: readonly FinalSession[]): string | undefined {
  const streamed = whole.flatMap(({ received }) => received.map(({ change }) => changeKey(change)));
  // A replacement is an event of both its sessions.
  const events = new Map(sessions.flatMap((session) => session.events.map((event) => [numberAt(event, 'id'), event])));
  const recorded = [...events.values()].map((event) => changeKey(event));
  const missing = without(recorded, streamed);
  const more = without(streamed, recorded);
  if (missing.length === 0 && more.length === 0) return undefined;
  return `${missing.length} of ${recorded.length} are missing: ${missing.slice(0, 4)}; unexpected: ${more.slice(0, 4)}`;
}

/** The items that occur more often in `one` than in `other`. */
function without(one: readonly string[], other: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const key of other) left.set(key, (left.get(key) ?? 0) + 1);
  return one.filter((key) => {
    const many = left.get(key) ?? 0;
    left.set(key, many - 1);
    return many <= 0;
  });
}

function flawOf(stream: OpenStream, whole: readonly OpenStream[], { memory }: Judging): string | undefined {
  const { received, operation, id, after } = stream;
  const ids = received.map((one) => one.id);
  if (new Set(ids).size !== ids.length) return `a change twice: ${ids.find((one, at) => ids.indexOf(one) !== at)}`;
  const side = memory.tasks.get(id)?.side ?? (id === memory.projects.theirs ? 'theirs' : 'ours');
  const all = (whole.find((one) => one.id === memory.projects[side])?.received ?? []).filter(
    ({ change }) => operation === 'projectChanges' || textAt(change, 'taskId') === id,
  );
  const [first] = ids;
  const from = after === undefined ? all.findIndex((one) => one.id === first) : startAfter(all, after);
  if (first === undefined) return undefined;
  if (from < 0) return `a change that was not recorded: ${first}`;
  const wrong = received.findIndex((one, at) => all[from + at]?.id !== one.id);
  if (wrong >= 0) return `a gap or disorder: ${ids[wrong]} where ${all[from + wrong]?.id} was expected`;
  return stream.ended === undefined && from + ids.length < all.length
    ? `behind: ${all.length - from - ids.length}`
    : undefined;
}

/** Change ids are pairs of numbers, ordered by the first and then the second. */
function startAfter(all: OpenStream['received'], after: string): number {
  const found = all.findIndex(({ id }) => isAfter(id, after));
  return found < 0 ? all.length : found;
}

function isAfter(one: string, other: string): boolean {
  const [a = 0n, b = 0n] = one.split('-').map((part) => BigInt(part));
  const [c = 0n, d = 0n] = other.split('-').map((part) => BigInt(part));
  return a > c || (a === c && b > d);
}
