import type { RouteSpec } from '@phaselock/contract';
import {
  type ErrorCode,
  PhaselockError,
  type ProjectId,
  parseAttemptId,
  parseProjectId,
  parseSessionId,
  parseTaskId,
} from '@phaselock/core';
import type { Guard } from '@phaselock/guard';
import type { Caller } from '../access/caller.ts';
import { grants } from '../access/scopes.ts';

export function demandScope(caller: Caller, { scope }: Pick<RouteSpec, 'scope'>): void {
  if (scope === 'none') return;
  if (!grants(caller.scopes, scope)) throw new PhaselockError('forbidden', { detail: `needs the scope ${scope}` });
  // What belongs to no project is not for a key of one.
  if (scope === 'admin' && caller.projectId !== null)
    throw new PhaselockError('forbidden', { detail: 'needs a key of all projects' });
}

type Owned = { readonly code: ErrorCode; readonly ownerOf: (id: string) => Promise<ProjectId | undefined> };

/**
 * Whatever a request names, by the names the contract uses everywhere, must belong to the caller's project. No handler can forget it, and
 * what is somebody else's looks like what is not there.
 */
export async function demandOwnership(
  guard: Pick<Guard, 'ownerOf'>,
  projectId: ProjectId,
  asked: unknown,
): Promise<void> {
  const owner = async (resource: Parameters<Guard['ownerOf']>[0] | undefined): Promise<ProjectId | undefined> =>
    resource === undefined ? undefined : (await guard.ownerOf(resource, projectId))?.projectId;
  const task: Owned = {
    code: 'task_not_found',
    ownerOf: (text) => owner(resource('task', parseTaskId(text))),
  };
  const session: Owned = {
    code: 'session_not_found',
    ownerOf: (text) => owner(resource('session', parseSessionId(text))),
  };
  const kinds: Readonly<Record<string, Owned>> = {
    projectId: { code: 'project_not_found', ownerOf: async (text) => parseProjectId(text) },
    taskId: task,
    taskIds: task,
    sessionId: session,
    sessionIds: session,
    attemptId: { code: 'attempt_not_found', ownerOf: (text) => owner(resource('attempt', parseAttemptId(text))) },
  };
  for (const { name, id } of namedIn(asked, Object.keys(kinds))) {
    const kind = kinds[name];
    if (kind !== undefined && (await kind.ownerOf(id)) !== projectId) throw new PhaselockError(kind.code);
  }
}

const resource = <Kind extends string, Id>(kind: Kind, id: Id | undefined): { kind: Kind; id: Id } | undefined =>
  id === undefined ? undefined : { kind, id };

type Named = { readonly name: string; readonly id: string };

function* namedIn(asked: unknown, names: readonly string[]): Generator<Named> {
  if (typeof asked !== 'object' || asked === null) return;
  for (const [name, value] of Object.entries(asked)) {
    // The names of a model's parameters are the caller's own.
    if (name === 'parameters') continue;
    if (!names.includes(name)) yield* namedIn(value, names);
    else for (const id of Array.isArray(value) ? value : [value]) if (typeof id === 'string') yield { name, id };
  }
}
