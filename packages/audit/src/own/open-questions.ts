import type { Check } from '../check.ts';
import type { SourceTraits } from '../judge-turn.ts';
import type { Source } from '../source.ts';
import { askEachRow } from './ask-each-row.ts';
import { type OwnCheck, ownChecks } from './own-checks.ts';
import { type Scope, scopeSql } from './scope.ts';
import type { SharedConnections } from './shared-connections.ts';
import { openSifting } from './sift.ts';

/**
 * The checks of a phaselock database. In a full audit, a check covers only the ids that its sieves return; in a smaller
 * scope it covers everything.
 */
export function openQuestions(
  connections: SharedConnections,
  scope: Scope,
  traits: SourceTraits,
  rehashes: boolean,
): Pick<Source, 'checks' | 'rows'> {
  const checksOf = (looked: Scope): OwnCheck[] => ownChecks(scopeSql(looked), traits, rehashes);
  const checks = checksOf(scope);
  const sift = openSifting((sql) => askEachRow(connections, { sql }, scopeSql(scope)), traits);
  const whereToLook = async ({ siftedBy }: OwnCheck): Promise<Scope> =>
    scope.kind === 'all' && siftedBy.length > 0 ? await sift(siftedBy) : scope;

  async function* rows({ name }: Check): ReturnType<Source['rows']> {
    const looked = await whereToLook(named(name, checks));
    // A check of the schema has no scope, and runs once however many parts there are.
    const scoped = named(name, checksOf(looked)).sql.includes('$1');
    for (const part of scoped ? inParts(looked) : [looked])
      yield* askEachRow(connections, named(name, checksOf(part)), scopeSql(part));
  }
  return { checks, rows };
}

/** Ids per statement. PostgreSQL searches the id list for each row, so the cost grows with the square of its length. */
const AT_ONCE = 500;

function* inParts(scope: Scope): Generator<Scope> {
  if (!('ids' in scope)) yield scope;
  else
    for (let at = 0; at < scope.ids.length; at += AT_ONCE)
      yield { kind: scope.kind, ids: scope.ids.slice(at, at + AT_ONCE) };
}

function named(name: string, checks: readonly OwnCheck[]): OwnCheck {
  const found = checks.find((check) => check.name === name);
  if (found === undefined) throw new Error(`there is no check ${name}`);
  return found;
}
