declare const brand: unique symbol;
type Branded<Value, Name extends string> = Value & { readonly [brand]: Name };

export type ProjectId = Branded<string, 'ProjectId'>;
export type TaskId = Branded<string, 'TaskId'>;
export type AttemptId = Branded<string, 'AttemptId'>;
export type SessionId = Branded<string, 'SessionId'>;
export type ProcessId = Branded<string, 'ProcessId'>;
export type ModelId = Branded<string, 'ModelId'>;
export type ProfileId = Branded<string, 'ProfileId'>;
export type ApiKeyId = Branded<string, 'ApiKeyId'>;

/** The agent's own id of a conversation. phaselock stores it and passes it back, but never interprets it. */
export type AgentSessionId = Branded<string, 'AgentSessionId'>;

/** Fencing token: the slot's counter when the session was created. A write with an older generation is refused. */
export type Generation = Branded<number, 'Generation'>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function parseUuid<Id extends string>(text: string): Id | undefined {
  const lower = text.toLowerCase();
  return UUID.test(lower) ? (lower as Id) : undefined;
}

export const parseProjectId = (text: string): ProjectId | undefined => parseUuid<ProjectId>(text);
export const parseTaskId = (text: string): TaskId | undefined => parseUuid<TaskId>(text);
export const parseAttemptId = (text: string): AttemptId | undefined => parseUuid<AttemptId>(text);
export const parseSessionId = (text: string): SessionId | undefined => parseUuid<SessionId>(text);
export const parseProcessId = (text: string): ProcessId | undefined => parseUuid<ProcessId>(text);
export const parseModelId = (text: string): ModelId | undefined => parseUuid<ModelId>(text);
export const parseApiKeyId = (text: string): ApiKeyId | undefined => parseUuid<ApiKeyId>(text);
export const parseProfileId = (text: string): ProfileId | undefined => parseUuid<ProfileId>(text);

const AGENT_SESSION_ID_LIMIT = 200;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern must match control characters
const UNSAFE_IN_AN_ARGUMENT = /^-|^\s|\s$|[\u0000-\u001f\u007f]/;

/**
 * The id is passed to the agent as a command-line argument, so a text that looks like an option is refused. PostgreSQL
 * text cannot store NUL, and a lone surrogate cannot be encoded.
 */
export function parseAgentSessionId(text: string): AgentSessionId | undefined {
  if (text.length === 0 || text.length > AGENT_SESSION_ID_LIMIT) return undefined;
  if (UNSAFE_IN_AN_ARGUMENT.test(text) || !text.isWellFormed()) return undefined;
  return text as AgentSessionId;
}

export function parseGeneration(value: number): Generation | undefined {
  return Number.isSafeInteger(value) && value >= 0 ? (value as Generation) : undefined;
}

/**
 * The generation of a session created outside the guard: no slot counts it, and its first guarded successor gets
 * generation 1.
 */
export const OUTSIDE_THE_GUARD = 0 as Generation;
