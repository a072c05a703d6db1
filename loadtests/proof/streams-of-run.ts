import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { CheckedRule } from '../../chaos/check-history.ts';
import type { Finding } from '../../chaos/checkers/checker.ts';
import { checkStreams } from '../../chaos/checkers/streams.ts';
import type { Received } from '../../chaos/history/operation.ts';
import type { Final, FinalBoard, FinalSession } from '../../chaos/read-back.ts';
import type { Call } from '../journal/journal-line.ts';
import { type FollowedFile, filesOf } from '../run/run-folder.ts';
import { readLines } from './read-lines.ts';
import type { RunWorld } from './world-of-run.ts';

const followedFile = z.object({
  streams: z.array(z.object({ follower: z.string(), project: z.string() })),
  unsettled: z.array(z.string()),
});

/**
 * Checks the change streams of a run. Only some projects are followed, so acknowledged changes are only expected of
 * those.
 */
export async function openStreams(folder: string) {
  const received: Received[] = [];
  const files = filesOf(folder);
  const lines = readLines(files.changes);
  const listed = await readFollowed(files.followed);
  for await (const { entry } of lines.entries) if (isReceived(entry)) received.push(entry);
  // A stream that received nothing appears only in the list.
  const followed = [...new Set([...(listed?.streams ?? []), ...received].map(({ project }) => project))];
  const calls: Call[] = [];
  const sessions = new Map<string, FinalSession>();
  const before = new Set<string>();
  return {
    note: (call: Call) => {
      if (followed.length > 0 && call.outcome === 'ok' && (call.kind === 'turn' || call.kind === 'delete'))
        calls.push(call);
    },
    keep: (final: Omit<Final, keyof FinalBoard>) => {
      if (followed.length === 0) return;
      for (const [id, session] of final.sessions)
        sessions.set(id, { ...session, logs: [], comments: [], processes: [] });
      for (const id of final.before.sessions) before.add(id);
    },
    judge: async (world: RunWorld): Promise<CheckedRule[]> => {
      const wrong = listed === undefined ? [UNLISTED] : listed.unsettled.map(unsettled);
      if (followed.length === 0) return [{ checker: 'streams', compared: {}, findings: wrong }];
      const checker = checkStreams();
      const changes = new Map<string, readonly string[]>();
      const tasks = new Set<string>();
      for (const project of followed) {
        const { tasks: own, places } = await world.project(project);
        changes.set(project, places);
        for (const task of own) tasks.add(task);
      }
      const isFollowed = (slot: string | undefined) => tasks.has(slot?.slice(0, slot.indexOf('/')) ?? '');
      for (const one of received) checker.take(one);
      for (const call of calls) if (isFollowed(call.slot)) checker.take(call);
      const own = new Map([...sessions].filter(([, { slot }]) => isFollowed(slot)));
      const final: Final = {
        project: new Map(),
        task: new Map(),
        attempt: new Map(),
        made: new Map(),
        sessions: own,
        unreadable: new Set(),
        before: { sessions: before, conversations: new Set(), slots: new Map() },
      };
      const unreadable = lines.bad.map(({ line, text }) => ({
        rule: 'unreadable-line',
        what: `line ${line} of the changes: ${text}`,
        operations: [],
      }));
      const verdict = checker.conclude({ final, changes });
      const findings = [...wrong, ...silentStreams(listed?.streams ?? [], received, changes), ...verdict.findings];
      const compared = { ...verdict.compared, 'streams followed': listed?.streams.length ?? 0 };
      return [{ checker: checker.name, compared, findings: [...findings, ...unreadable] }];
    },
  };
}

const UNLISTED: Finding = {
  rule: 'streams-not-listed',
  what: 'followed.json of the run cannot be read, so it is unknown which streams were followed',
  operations: [],
};

const unsettled = (what: string): Finding => ({ rule: 'stream-unsettled', what, operations: [] });

async function readFollowed(file: string): Promise<FollowedFile | undefined> {
  try {
    return followedFile.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/**
 * Reports streams that received nothing although their project changed: the checker only sees streams with at least one
 * change.
 */
function silentStreams(
  streams: FollowedFile['streams'],
  received: readonly Received[],
  changes: ReadonlyMap<string, readonly string[]>,
): Finding[] {
  const heard = new Set(received.map(({ follower }) => follower));
  return streams.flatMap(({ follower, project }) => {
    const missed = heard.has(follower) ? 0 : (changes.get(project)?.length ?? 0);
    const what = `follower ${follower} received no change, but project ${project} has ${missed}`;
    return missed === 0 ? [] : [{ rule: 'change-lost', what, operations: [] }];
  });
}

const isReceived = (value: unknown): value is Received =>
  typeof value === 'object' && value !== null && 'is' in value && value.is === 'change';
