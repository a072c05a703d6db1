import {
  type ApiKeyId,
  type AttemptId,
  type ModelId,
  type ProcessId,
  type ProfileId,
  type ProjectId,
  parseApiKeyId,
  parseAttemptId,
  parseModelId,
  parseProcessId,
  parseProfileId,
  parseProjectId,
  parseSessionId,
  parseTaskId,
  type SessionId,
  type TaskId,
} from '@phaselock/core';

/** The source of new UUIDs (`idSource`). */
type Ids = { readonly newId: () => string };

const made = <Id>(parse: (text: string) => Id | undefined, { newId }: Ids): Id => {
  const id = parse(newId());
  if (id === undefined) throw new TypeError('the id source does not make UUIDs');
  return id;
};

export const newSessionId = (ids: Ids): SessionId => made(parseSessionId, ids);
export const newProcessId = (ids: Ids): ProcessId => made(parseProcessId, ids);
export const newProjectId = (ids: Ids): ProjectId => made(parseProjectId, ids);
export const newTaskId = (ids: Ids): TaskId => made(parseTaskId, ids);
export const newAttemptId = (ids: Ids): AttemptId => made(parseAttemptId, ids);
export const newModelId = (ids: Ids): ModelId => made(parseModelId, ids);
export const newProfileId = (ids: Ids): ProfileId => made(parseProfileId, ids);
export const newApiKeyId = (ids: Ids): ApiKeyId => made(parseApiKeyId, ids);
