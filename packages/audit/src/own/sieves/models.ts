import { identityOf } from '../identities.ts';

/**
 * Pairs of models of sessions that were replaced because of a model change, with the ids of the successors. There are
 * few pairs, whatever the number of sessions, and core decides which of them are changes. `limit` bounds the ids.
 */
export const modelsSieve = (limit: number): string => `
  select ${identityOf('s')}, ${identityOf('before', 'before_')}, array_to_string((array_agg(s.id))[1:${limit}], ',') as ids
  from sessions s join sessions before on before.id = s.predecessor_id
  where before.deleted_reason = 'model-changed' and s.kept_through is null and before.kept_through is null
  group by s.agent, s.variant, s.model, s.parameters, s.resolved_model,
           before.agent, before.variant, before.model, before.parameters, before.resolved_model`;
