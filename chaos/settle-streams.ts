import { setTimeout as pause } from 'node:timers/promises';
import { type Client, readChanges } from '@phaselock/contract';
import type { Follower } from './clients/follow-changes.ts';
import { monotonic } from './clock.ts';

const LIMIT_MS = 30_000;

/**
 * Waits until nothing new happens (what is still running lapses), reads the changes of each project anew from the beginning, and gives the
 * followers time to arrive where that reading ends.
 */
export async function settleStreams(client: Client, followers: readonly Follower[], leaseMs: number) {
  await pause(leaseMs * 2);
  const changes = new Map<string, readonly string[]>();
  const unsettled: string[] = [];
  const projects = [...new Set(followers.map(({ project }) => project))];
  await Promise.all(projects.map(async (project) => changes.set(project, await readPlaces(client, project))));
  for (const { project, last } of followers) {
    const known = changes.get(project) ?? [];
    const end = known.at(-1) ?? '0-0';
    const giveUpAt = monotonic() + LIMIT_MS;
    while (last() !== end && monotonic() < giveUpAt) await pause(50);
    if (last() !== end) unsettled.push(`a follower of ${project} stands at ${last()}, the last change is ${end}`);
  }
  return { changes, unsettled };
}

const QUIET_MS = 3_000;

/** The places of all changes of a project, in order. Over when nothing new came for a while. */
export async function readPlaces(client: Client, project: string): Promise<string[]> {
  const places: string[] = [];
  const quiet = new AbortController();
  let timer = setTimeout(() => quiet.abort(), QUIET_MS);
  try {
    const response = await client.projectChanges({
      params: { projectId: project },
      lastEventId: '0-0',
      signal: quiet.signal,
    });
    for await (const { id } of readChanges(response)) {
      places.push(id);
      clearTimeout(timer);
      timer = setTimeout(() => quiet.abort(), QUIET_MS);
    }
  } catch (error) {
    if (!quiet.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  return places;
}
