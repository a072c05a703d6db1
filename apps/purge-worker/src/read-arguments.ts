import { parseArgs } from 'node:util';
import { parseSessionId, type SessionId } from '@phaselock/core';
import type { DeadLetterChoice } from '@phaselock/store';

export type Command =
  | { readonly kind: 'run' }
  | { readonly kind: 'once'; readonly dryRun: boolean }
  | { readonly kind: 'status' }
  | { readonly kind: 'dlq-list'; readonly discarded: boolean }
  | { readonly kind: 'dlq-retry'; readonly which: DeadLetterChoice }
  | { readonly kind: 'dlq-discard'; readonly which: DeadLetterChoice; readonly reason: string }
  | { readonly kind: 'hold'; readonly sessionId: SessionId; readonly reason: string | null }
  | { readonly kind: 'store' }
  | { readonly kind: 'store-adopt'; readonly reason: string; readonly despiteLoss: boolean }
  | { readonly kind: 'help' };

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `usage:
  purge-worker run                     runs on schedule until it is stopped
  purge-worker once [--dry-run]        runs once, now; --dry-run only prints what it would do
  purge-worker status                  prints due and kept sessions and the last runs
  purge-worker dlq list [--discarded]
  purge-worker dlq retry <session…> | --all
  purge-worker dlq discard <session…> | --all --reason <why>
  purge-worker hold <session> --reason <why>
                                       sets a legal hold: the archive is not removed
  purge-worker release <session>       releases the legal hold
  purge-worker store                   checks that the store is the one recorded in this database
  purge-worker store adopt --reason <why> [--despite-loss]
                                       records this store in the database, if all objects of purged sessions are intact

exit: 0 success · 1 could not complete · 2 some sessions or objects failed · 3 no such session ·
      4 not the store recorded in this database, nothing was done there · 64 usage`;

const OPTIONS = {
  'dry-run': { type: 'boolean', default: false },
  discarded: { type: 'boolean', default: false },
  all: { type: 'boolean', default: false },
  reason: { type: 'string' },
  'despite-loss': { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const parse = (argv: readonly string[]) => parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
type Values = ReturnType<typeof parse>['values'];

export function readArguments(argv: readonly string[]): Command {
  const { values, positionals } = orUsage(() => parse(argv.filter((arg) => arg !== '--')));
  const [verb, ...rest] = positionals;
  if (values.help || verb === undefined) return { kind: 'help' };
  switch (verb) {
    case 'run':
      return nothingElse(rest, values, [], { kind: 'run' });
    case 'once':
      return nothingElse(rest, values, ['dry-run'], { kind: 'once', dryRun: values['dry-run'] });
    case 'status':
      return nothingElse(rest, values, [], { kind: 'status' });
    case 'dlq':
      return deadLetters(rest, values);
    case 'hold':
      return { kind: 'hold', sessionId: oneSession(rest), reason: reasonIn(values) };
    case 'release':
      return nothingElse([], values, [], { kind: 'hold', sessionId: oneSession(rest), reason: null });
    case 'store':
      return storeCommand(rest, values);
    default:
      throw new UsageError(`there is no command ${verb}`);
  }
}

function deadLetters([verb, ...ids]: readonly string[], values: Values): Command {
  switch (verb) {
    case 'list':
      return nothingElse(ids, values, ['discarded'], { kind: 'dlq-list', discarded: values.discarded });
    case 'retry':
      return nothingElse([], values, ['all'], { kind: 'dlq-retry', which: chosen(ids, values) });
    case 'discard':
      return { kind: 'dlq-discard', which: chosen(ids, values), reason: reasonIn(values) };
    default:
      throw new UsageError('use dlq list, dlq retry or dlq discard');
  }
}

function storeCommand([verb, ...rest]: readonly string[], values: Values): Command {
  if (verb === undefined) return nothingElse([], values, [], { kind: 'store' });
  if (verb !== 'adopt') throw new UsageError('use store, or store adopt');
  const despiteLoss = values['despite-loss'];
  const adopt = { kind: 'store-adopt', reason: reasonIn(values), despiteLoss } as const;
  return nothingElse(rest, values, ['reason', 'despite-loss'], adopt);
}

function nothingElse(
  rest: readonly string[],
  values: Values,
  allowed: readonly (keyof Values)[],
  command: Command,
): Command {
  if (rest.length > 0) throw new UsageError(`${rest[0]} is not expected here`);
  const names: readonly (keyof Values)[] = ['dry-run', 'discarded', 'all', 'reason', 'despite-loss'];
  const odd = names.find((name) => !allowed.includes(name) && values[name] !== undefined && values[name] !== false);
  if (odd !== undefined) throw new UsageError(`--${odd} is not expected here`);
  return command;
}

function chosen(ids: readonly string[], { all }: Values): DeadLetterChoice {
  if (all === ids.length > 0) throw new UsageError('name the sessions, or use --all');
  return all ? 'all' : ids.map(session);
}

function oneSession([id, ...more]: readonly string[]): SessionId {
  if (id === undefined || more.length > 0) throw new UsageError('name one session');
  return session(id);
}

function session(text: string): SessionId {
  const id = parseSessionId(text.toLowerCase());
  if (id === undefined) throw new UsageError(`${text} is not the id of a session`);
  return id;
}

function reasonIn({ reason }: Values): string {
  if (reason === undefined || reason.trim() === '') throw new UsageError('--reason is missing');
  return reason.trim();
}

function orUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
