import { type ModelIdentity, NOTICES, type SlotKey } from '@phaselock/core';
import type { GuardedSession } from '@phaselock/guard';
import type { SessionRecord } from '@phaselock/store';

export const instant = (date: Date): string => date.toISOString();
export const instantOrNull = (date: Date | null): string | null => date?.toISOString() ?? null;

export const modelView = ({ agent, variant, model, parameters }: ModelIdentity) => ({
  agent,
  variant,
  model,
  parameters: { ...parameters },
});

const modelFields = (identity: ModelIdentity, modelMissing: boolean) => ({
  model: modelView(identity),
  modelMissing,
  modelNotice: modelMissing ? NOTICES.model_not_found : null,
});

const slotFields = ({ taskId, phase, mode }: SlotKey) => ({ taskId, phase, mode });

export const briefView = ({ id, generation, slot, identity, modelMissing }: GuardedSession) => ({
  id,
  generation,
  ...slotFields(slot),
  ...modelFields(identity, modelMissing),
});

export const liveView = (session: GuardedSession & { readonly guarded: boolean }) => ({
  ...briefView(session),
  guarded: session.guarded,
});

export const sessionView = (record: SessionRecord) => {
  const { slot, identity, modelMissing, leaseExpiresAt, usage, createdAt, updatedAt, endedAt, deletedAt, ...rest } =
    record;
  return {
    ...rest,
    ...slotFields(slot),
    ...modelFields(identity, modelMissing),
    usage: { ...usage },
    leaseExpiresAt: instantOrNull(leaseExpiresAt),
    createdAt: instant(createdAt),
    updatedAt: instant(updatedAt),
    endedAt: instantOrNull(endedAt),
    deletedAt: instantOrNull(deletedAt),
  };
};
