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
  // Admin operations affect all projects, so a key of one project may not use them.
  if (scope === 'admin') demandAllProjects(caller);
}

/** Refuses a key or token that is bound to one project. */
export function demandAllProjects({ projectId }: Caller): void {
  if (projectId !== null) throw new PhaselockError('forbidden', { detail: 'needs a key or token for all projects' });
}

type Ownable = Parameters<Guard['ownersOf']>[0][number];
type Owned = {
  readonly code: ErrorCode;
  /** The resource of an id; undefined when the text is not a valid id. */
  readonly thing: (id: string) => Ownable | undefined;
};

const task: Owned = { code: 'task_not_found', thing: (text) => resource('task', parseTaskId(text)) };
const session: Owned = { code: 'session_not_found', thing: (text) => resource('session', parseSessionId(text)) };
const attempt: Owned = { code: 'attempt_not_found', thing: (text) => resource('attempt', parseAttemptId(text)) };
const OWNED: Readonly<Record<string, Owned>> = {
  taskId: task,
  taskIds: task,
  sessionId: session,
  sessionIds: session,
  attemptId: attempt,
};
const PROJECT = 'projectId';
const NAMES = [PROJECT, ...Object.keys(OWNED)];

/**
 * Demands that every resource named in a request belongs to the caller's project. It finds ids by the parameter names
 * that the contract uses everywhere, so no handler can forget the check. A resource of another project is reported as
 * not found. All owners are read in one query, because a request may name a thousand tasks.
 */
export async function demandOwnership(
  guard: Pick<Guard, 'ownersOf'>,
  projectId: ProjectId,
  asked: unknown,
): Promise<void> {
  const things: { readonly thing: Ownable; readonly code: ErrorCode }[] = [];
  for (const { name, id } of namedIn(asked, NAMES)) {
    if (name === PROJECT && parseProjectId(id) !== projectId) throw new PhaselockError('project_not_found');
    const kind = OWNED[name];
    if (kind === undefined) continue;
    const thing = kind.thing(id);
    if (thing === undefined) throw new PhaselockError(kind.code);
    things.push({ thing, code: kind.code });
  }
  if (things.length === 0) return;
  const owners = await guard.ownersOf(
    things.map(({ thing }) => thing),
    projectId,
  );
  for (const [index, { code }] of things.entries())
    if (owners[index]?.projectId !== projectId) throw new PhaselockError(code);
}

const resource = <Kind extends string, Id>(kind: Kind, id: Id | undefined): { kind: Kind; id: Id } | undefined =>
  id === undefined ? undefined : { kind, id };

type Named = { readonly name: string; readonly id: string };

function* namedIn(asked: unknown, names: readonly string[]): Generator<Named> {
  if (typeof asked !== 'object' || asked === null) return;
  for (const [name, value] of Object.entries(asked)) {
    // The keys inside a model's parameters are chosen by the caller and may coincide with these names.
    if (name === 'parameters') continue;
    if (!names.includes(name)) yield* namedIn(value, names);
    else for (const id of Array.isArray(value) ? value : [value]) if (typeof id === 'string') yield { name, id };
  }
}
