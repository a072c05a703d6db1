import {
  buildCatalogue,
  DEFAULT_MODEL_POLICY,
  type ModelPolicy,
  parseAgent,
  policyFromCatalogue,
} from '@phaselock/core';
import type { Row } from '../check.ts';

/** What the guard compares with: which model an agent runs by itself, and what moving names stand for. */
export async function readModelPolicy(rowsOf: (sql: string) => Promise<Row[]>): Promise<ModelPolicy> {
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
  return policyFromCatalogue(DEFAULT_MODEL_POLICY, buildCatalogue(models, []));
}
