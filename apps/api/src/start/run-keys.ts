import { parseArgs } from 'node:util';
import { makeApiKey } from '@phaselock/access';
import { SCOPES, type Scope } from '@phaselock/contract';
import { type ApiKeyId, PhaselockError, parseProjectId, visibleText } from '@phaselock/core';
import { type Guard, openGuard } from '@phaselock/guard';
import { startEmbeddedPostgres } from '@phaselock/store';
import { ConfigMistakes, readConfig } from '../config/read-config.ts';
import type { Run } from './run-api.ts';

const USAGE = `usage:
  keys create --name <name> --scopes <scope,…> [--project <id>]
  keys list
  keys revoke <prefix> [--force]
scopes: ${SCOPES.join(', ')}`;

type Told = {
  readonly say: Run['say'];
  /** Prints notes for a person to stderr, so that a script that captures the output of `create` gets only the key. */
  readonly note: Run['say'];
};
type Command = (guard: Guard, told: Told) => Promise<void>;

/** Creates, lists and revokes API keys in the service's database, whether the service runs or not. */
export async function runKeys({ env, args, say, note }: Run & Told): Promise<void> {
  const command = readCommand(args.filter((arg) => arg !== '--'));
  const config = readConfig(env);
  await using resources = new AsyncDisposableStack();
  const databaseUrl = config.databaseUrl ?? resources.use(await startEmbeddedPostgres({ dataDir: config.dataDir })).url;
  await command(resources.use(await openGuard({ databaseUrl, invalidation: 'memory', maxSize: 1 })), { say, note });
}

function readCommand(args: readonly string[]): Command {
  const [verb, ...rest] = args;
  try {
    switch (verb) {
      case 'create':
        return createKey(rest);
      case 'list':
        parseArgs({ args: rest, options: {} });
        return listKeys;
      case 'revoke':
        return revokeKey(rest);
      default:
        throw new Error(verb === undefined ? 'a command is missing' : 'there is no such command');
    }
  } catch (error) {
    throw new ConfigMistakes([error instanceof Error ? error.message : String(error), USAGE]);
  }
}

function createKey(args: readonly string[]): Command {
  const { values } = parseArgs({
    args: [...args],
    options: { name: { type: 'string' }, scopes: { type: 'string' }, project: { type: 'string' } },
  });
  const { name, scopes, project } = values;
  if (name === undefined || name.trim() === '') throw new Error('--name is missing');
  const granted = (scopes ?? '').split(',').map(readScope);
  const projectId = project === undefined ? null : parseProjectId(project);
  if (projectId === undefined) throw new Error('--project is not a valid project id');
  return async (guard, { say, note }) => {
    const { key, prefix, secretSha256 } = makeApiKey();
    await guard.addApiKey({ prefix, secretSha256, name, scopes: [...new Set(granted)], projectId });
    say(key);
    note('The key is shown this once; only its hash is kept.');
  };
}

function readScope(text: string): Scope {
  const scope = SCOPES.find((known) => known === text.trim());
  if (scope === undefined) throw new Error(`--scopes: one or more of ${SCOPES.join(', ')}`);
  return scope;
}

const listKeys: Command = async (guard, { say }) => {
  const { items } = await guard.listApiKeys({ limit: 200 });
  if (items.length === 0) return say('There are no keys yet.');
  for (const { prefix, name, scopes, projectId, createdAt, revokedAt } of items) {
    const state = revokedAt === null ? 'valid' : `revoked ${revokedAt.toISOString()}`;
    say(
      [
        `plk_${prefix}`,
        state,
        createdAt.toISOString(),
        scopes.join(','),
        projectId ?? 'all projects',
        visibleText(name),
      ].join('  '),
    );
  }
};

function revokeKey(args: readonly string[]): Command {
  const { positionals, values } = parseArgs({
    args: [...args],
    options: { force: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const [given, ...more] = positionals;
  if (given === undefined || more.length > 0) throw new Error('revoke takes one prefix');
  // The whole key is accepted as well.
  const prefix = given.replace(/^plk_/, '').slice(0, 12);
  return async (guard, { say }) => {
    const found = await guard.findApiKey(prefix);
    if (found === undefined) throw new Error('there is no key with this prefix');
    if (!values.force) await revokeUnlessLast(guard, found.id);
    else await guard.revokeApiKey(found.id, { evenLast: true });
    say(`revoked; a running service may accept it for up to five more seconds`);
  };
}

/**
 * Revokes the key, but refuses the last admin key without --force. A person who can run this command can also create
 * keys, so a wrong revocation is repairable.
 */
async function revokeUnlessLast(guard: Guard, id: ApiKeyId): Promise<void> {
  try {
    await guard.revokeApiKey(id);
  } catch (error) {
    if (!(error instanceof PhaselockError) || error.code !== 'last_admin_key') throw error;
    throw new Error(
      'this is the last valid key with the scope admin: without it the service cannot be administered by HTTP. Create another one (keys create --scopes admin), or revoke it anyway with --force',
    );
  }
}
