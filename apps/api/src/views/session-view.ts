import { type ModelIdentity, type ModelStanding, NOTICES, type SlotKey } from '@phaselock/core';
import type { GuardedSession, ShownRecord } from '@phaselock/guard';

export const instant = (date: Date): string => date.toISOString();
export const instantOrNull = (date: Date | null): string | null => date?.toISOString() ?? null;

export const modelView = ({ agent, variant, model, resolvedModel, parameters }: ModelIdentity) => ({
  agent,
  variant,
  model,
  resolvedModel,
  parameters: { ...parameters },
});

const MODEL_NOTICES: Readonly<Record<ModelStanding, string | null>> = {
  listed: null,
  unlisted: NOTICES.model_not_listed,
  gone: NOTICES.model_not_found,
};

const modelFields = (identity: ModelIdentity, standing: ModelStanding) => ({
  model: modelView(identity),
  modelMissing: standing === 'gone',
  modelNotice: MODEL_NOTICES[standing],
});

const slotFields = ({ taskId, phase, mode }: SlotKey) => ({ taskId, phase, mode });

export const briefView = ({ id, generation, slot, identity, modelStanding, status }: GuardedSession) => ({
  id,
  generation,
  ...slotFields(slot),
  ...modelFields(identity, modelStanding),
  status,
});

export const liveView = (session: GuardedSession & { readonly guarded: boolean }) => ({
  ...briefView(session),
  guarded: session.guarded,
});

export const sessionView = (record: ShownRecord) => {
  const { slot, identity, modelStanding, leaseExpiresAt, usage, createdAt, updatedAt, endedAt, deletedAt, ...rest } =
    record;
  return {
    ...rest,
    ...slotFields(slot),
    ...modelFields(identity, modelStanding),
    usage: { ...usage },
    leaseExpiresAt: instantOrNull(leaseExpiresAt),
    createdAt: instant(createdAt),
    updatedAt: instant(updatedAt),
    endedAt: instantOrNull(endedAt),
    deletedAt: instantOrNull(deletedAt),
  };
};
