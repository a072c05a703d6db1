import { setTimeout as pause } from 'node:timers/promises';
import { type Client, readChanges } from '@phaselock/contract';
import type { Follower } from './clients/follow-changes.ts';
import { monotonic } from './clock.ts';

const LIMIT_MS = 30_000;
/** Number of lease durations after which every remaining lease has expired. */
const LAPSES_WITHIN = 2;

/** Upper bound of the duration of `settleStreams`. */
export const settlesWithinMs = (leaseMs: number): number => leaseMs * LAPSES_WITHIN + LONGEST_READ_MS + LIMIT_MS;

type Following = Pick<Follower, 'project' | 'last'>;

/**
 * Waits until the remaining leases have expired, reads the changes of each project again from the beginning, and waits
 * until the followers have received the last of them.
 */
export async function settleStreams(client: Client, followers: readonly Following[], leaseMs: number) {
  await pause(leaseMs * LAPSES_WITHIN);
  const changes = new Map<string, readonly string[]>();
  const unread = new Map<string, string>();
  const projects = [...new Set(followers.map(({ project }) => project))];
  const read = async (project: string): Promise<void> => {
    try {
      changes.set(project, await readPlaces(client, project));
    } catch (error) {
      unread.set(project, error instanceof Error ? error.message : String(error));
    }
  };
  await Promise.all(projects.map(read));
  const giveUpAt = monotonic() + LIMIT_MS;
  const arrive = async (follower: Following): Promise<string[]> => {
    const places = changes.get(follower.project) ?? [];
    const end = places.at(-1) ?? '0-0';
    while (follower.last() !== end && !isBeyond(places, follower.last()) && monotonic() < giveUpAt) await pause(50);
    return whyUnsettled(follower, places);
  };
  const arrived = await Promise.all(followers.filter(({ project }) => !unread.has(project)).map(arrive));
  const notRead = [...unread].map(([project, why]) => `the changes of ${project} could not be read again: ${why}`);
  return { changes, unsettled: [...notRead, ...arrived.flat()] };
}

const BEGINNING = '0-0';
/** The follower has a change that the read lacks, so the read stopped before the end. */
const isBeyond = (places: readonly string[], last: string): boolean => last !== BEGINNING && !places.includes(last);

function whyUnsettled({ project, last }: Following, places: readonly string[]): string[] {
  const [at, end] = [last(), places.at(-1) ?? BEGINNING];
  if (at === end) return [];
  if (isBeyond(places, at))
    return [
      `the changes of ${project} could not be read to their end: ${places.length} were read, and a follower stands at ${at}, which is not among them`,
    ];
  return [`a follower of ${project} stands at ${at}, the last change is ${end}`];
}

const QUIET_MS = 3_000;
const ANSWERED_WITHIN_MS = 20_000;
const LONGEST_READ_MS = 120_000;

/**
 * Reads the stream positions of all changes of a project, in order. Ends when no new change arrives for a while;
 * rejects if there is no response.
 */
export async function readPlaces(
  client: Client,
  project: string,
  answeredWithinMs = ANSWERED_WITHIN_MS,
): Promise<string[]> {
  const places: string[] = [];
  const quiet = new AbortController();
  const late = new AbortController();
  const tooLong = setTimeout(() => late.abort(), LONGEST_READ_MS);
  let timer = setTimeout(() => late.abort(), answeredWithinMs);
  const waitForQuiet = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => quiet.abort(), QUIET_MS);
  };
  try {
    const response = await client.projectChanges({
      params: { projectId: project },
      lastEventId: BEGINNING,
      signal: AbortSignal.any([quiet.signal, late.signal]),
    });
    waitForQuiet();
    for await (const { id } of readChanges(response)) {
      places.push(id);
      waitForQuiet();
    }
  } catch (error) {
    if (late.signal.aborted)
      throw new Error(`no end of the changes of ${project} within the time limit, ${places.length} were read`);
    if (!quiet.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    clearTimeout(tooLong);
  }
  return places;
}
