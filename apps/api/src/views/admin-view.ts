import type { ApiKeyRow, FlagChangeRow, FlagState, RolloutRow } from '@phaselock/store';
import { instant, instantOrNull } from './session-view.ts';

export const apiKeyView = ({ id, prefix, name, scopes, projectId, createdAt, lastUsedAt, revokedAt }: ApiKeyRow) => ({
  id,
  prefix,
  name,
  scopes: [...scopes],
  projectId,
  createdAt: instant(createdAt),
  lastUsedAt: instantOrNull(lastUsedAt),
  revokedAt: instantOrNull(revokedAt),
});

export const flagView = ({ name, enabled, killed, percent, value, version, updatedAt, updatedBy }: FlagState) => ({
  name,
  enabled,
  killed,
  percent,
  value,
  version,
  updatedAt: instant(updatedAt),
  updatedBy,
});

export const flagChangeView = ({ at, from, to, ...change }: FlagChangeRow) => ({
  ...change,
  at: instant(at),
  from: Object(from),
  to: Object(to),
});

export const rolloutView = ({ bakingSince, updatedAt, ...rollout }: RolloutRow) => ({
  ...rollout,
  bakingSince: instantOrNull(bakingSince),
  updatedAt: instant(updatedAt),
});
