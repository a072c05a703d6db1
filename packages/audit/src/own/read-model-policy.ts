import {
  type Agent,
  buildCatalogue,
  DEFAULT_MODEL_POLICY,
  entryKey,
  parseAgent,
  policyFromCatalogue,
} from '@phaselock/core';
import type { Row } from '../check.ts';
import type { SourceTraits } from '../judge-turn.ts';

export type CataloguedNames = Required<Pick<SourceTraits, 'policy' | 'plainNames'>>;

/**
 * Reads the data with which the guard compares models: the default model of each agent, and the models that aliases
 * stand for.
 */
export async function readModelPolicy(rowsOf: (sql: string) => Promise<Row[]>): Promise<CataloguedNames> {
  const rows = await rowsOf(
    'select agent, name, is_default::text as is_default, stands_for, (deleted_at is not null)::text as deleted from models',
  );
  const models = rows.flatMap(({ agent, name, is_default, stands_for, deleted }) => {
    const known = parseAgent(agent ?? '');
    return known === undefined || name == null
      ? []
      : [
          {
            agent: known,
            name,
            isDefault: is_default === 'true',
            standsFor: stands_for ?? null,
            deleted: deleted === 'true',
          },
        ];
  });
  // A name that was once an alias may be recorded with the model it stood for at that time.
  const aliases = new Set(models.filter(({ standsFor }) => standsFor !== null).map(keyOf));
  return {
    policy: policyFromCatalogue(DEFAULT_MODEL_POLICY, buildCatalogue(models, [])),
    plainNames: new Set(models.map(keyOf).filter((key) => !aliases.has(key))),
  };
}

const keyOf = ({ agent, name }: { agent: Agent; name: string }): string => entryKey(agent, name);
