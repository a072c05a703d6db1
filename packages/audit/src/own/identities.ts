import { type Check, finding, type Row } from '../check.ts';
import { comparable, modelChangeBetween, type SourceTraits } from '../judge-turn.ts';
import type { ScopeSql } from './scope.ts';

const IDENTITY = ['agent', 'variant', 'model', 'parameters'] as const;

/** Columns of the identity in a row `alias`, named as in `history`. */
export const identityOf = (alias: string, prefix = ''): string =>
  [
    ...IDENTITY.map((column) => `${alias}.${column} as ${prefix}${column}`),
    `${alias}.resolved_model as ${prefix}resolved`,
  ].join(', ');

const differs = (one: string, other: string): string =>
  `(${[...IDENTITY, 'resolved_model'].map((column) => `${one}.${column} is distinct from ${other}.${column}`).join(' or ')})`;

/** The identity that stands in the columns with this prefix. */
const identityIn = (row: Row, prefix: string): Row =>
  Object.fromEntries([...IDENTITY, 'resolved'].map((column) => [column, row[`${prefix}${column}`] ?? null]));

const named = ({ agent, model, variant }: Row): string => model ?? variant ?? `the default of ${agent}`;

/**
 * Compares processes with their session: the generation of each, and the model of the first. The models of later
 * processes are compared with that of the process before (SV101). A session that the user kept for another model has had
 * several.
 */
export const identitiesCheck = ({ sessions }: ScopeSql, traits: SourceTraits): Check => ({
  name: 'identities',
  rules: ['SV214'],
  sql: `
    select p.id, p.task_id, p.attempt_id, p.session_id, p.generation::text as generation, s.generation::text as born_with,
           ${identityOf('p')}, ${identityOf('s', 'session_')}
    from sessions s join processes p on p.session_id = s.id
    where ${sessions} and (p.generation is distinct from s.generation or s.kept_through is null and ${differs('p', 's')} and p.seq = (
      select min(f.seq) from processes f where f.session_id = s.id))`,
  read: (row) => {
    const about = { kind: 'process' as const, id: row.id ?? null };
    if (row.generation !== row.born_with)
      return [
        finding('SV214', row, {
          ...about,
          message: `it has generation ${row.generation}, its session ${row.born_with}`,
        }),
      ];
    const session = identityIn(row, 'session_');
    if (!comparable(session, row, traits)) return [];
    const verdict = modelChangeBetween(session, row, traits);
    if (verdict !== 'changed' && verdict !== 'minor') return [];
    const message = `it ran with another model (${named(row)}) or parameters than those of its session (${named(session)})`;
    return [finding('SV214', row, { ...about, message })];
  },
});

/**
 * Compares the models of a session and of the one it replaced because of a model change. A turn that begins a fresh
 * conversation compares with the model of the conversation that ends, which a retry may have named; the event of that
 * turn names the model. Without it (old releases), and if the user kept one of the sessions for another model, nothing
 * is judged.
 */
export const modelChangesCheck = ({ sessions }: ScopeSql, traits: SourceTraits): Check => ({
  name: 'model changes',
  rules: ['SV215'],
  sql: `
    select s.id, s.id as session_id, s.task_id, ${identityOf('s')}, ${identityOf('before', 'before_')}
    from sessions s join sessions before on before.id = s.predecessor_id
    left join lateral (
      select p.id, p.reason from processes p where p.session_id = s.id order by p.seq, p.id limit 1) first on true
    where ${sessions} and before.deleted_reason = 'model-changed' and s.kept_through is null and before.kept_through is null
      and not (coalesce(first.reason, '') = 'model-changed' and exists (
        select 1 from session_events e where e.task_id = s.task_id and e.session_id = s.id and e.type = 'turn-started'
          and e.detail ->> 'process_id' = first.id::text and (not e.detail ? 'attempt_id' or e.detail ? 'model_change')))`,
  read: (row) => {
    if (!isNoChange(row, traits)) return [];
    const before = named(identityIn(row, 'before_'));
    const message = `it replaced ${before} because of a model change, but its own model is ${named(row)}`;
    return [finding('SV215', row, { kind: 'session', id: row.id ?? null, message })];
  },
});

/** Whether the models of a session and of the one before it can be compared, and are not different ones. */
export function isNoChange(row: Row, traits: SourceTraits): boolean {
  const before = identityIn(row, 'before_');
  if (!comparable(before, row, traits)) return false;
  const verdict = modelChangeBetween(before, row, traits);
  return verdict === 'same' || verdict === 'minor';
}
