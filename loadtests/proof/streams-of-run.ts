import { join } from 'node:path';
import type { CheckedRule } from '../../chaos/check-history.ts';
import { checkStreams } from '../../chaos/checkers/streams.ts';
import type { Received } from '../../chaos/history/operation.ts';
import type { Final, FinalBoard, FinalSession } from '../../chaos/read-back.ts';
import type { Call } from '../journal/journal-line.ts';
import { readLines } from './read-lines.ts';
import type { RunWorld } from './world-of-run.ts';

const CHANGES_FILE = 'changes.ndjson';

/** Followers stay with some projects only: of a run that is where acknowledged changes are looked for. */
export async function openStreams(folder: string) {
  const received: Received[] = [];
  const lines = readLines(join(folder, CHANGES_FILE));
  for await (const { entry } of lines.entries) if (isReceived(entry)) received.push(entry);
  const followed = [...new Set(received.map(({ project }) => project))];
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
      if (followed.length === 0) return [];
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
      return [{ checker: checker.name, compared: verdict.compared, findings: [...verdict.findings, ...unreadable] }];
    },
  };
}

const isReceived = (value: unknown): value is Received =>
  typeof value === 'object' && value !== null && 'is' in value && value.is === 'change';
