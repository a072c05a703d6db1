import type { ApiKeyRow, FlagRow, RolloutRow } from '@phaselock/store';
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

export const flagView = ({ name, enabled, value, version, updatedAt, updatedBy }: FlagRow) => ({
  name,
  enabled,
  value,
  version,
  updatedAt: instant(updatedAt),
  updatedBy,
});

export const rolloutView = ({ flag, stage, percent, state, bakingSince, updatedAt }: RolloutRow) => ({
  flag,
  stage,
  percent,
  state,
  bakingSince: instantOrNull(bakingSince),
  updatedAt: instant(updatedAt),
});
