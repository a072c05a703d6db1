export { AGENTS, type Agent, parseAgent } from './agents.ts';
export { canonicalParameterName } from './canonical-parameters.ts';
export {
  buildCatalogue,
  type Catalogue,
  type CatalogueModel,
  type CatalogueProfile,
  entryKey,
  policyFromCatalogue,
} from './catalogue.ts';
export { compareModels } from './compare-models.ts';
export {
  judgeReport,
  REPORTS,
  type Report,
  type ReportVerdict,
  STANDINGS,
  type Standing,
  standingsThat,
} from './decide-report.ts';
export {
  decideStart,
  QUESTION_CODES,
  type StartDecision,
  type StartQuestion,
  type StartRequest,
  type StartSay,
} from './decide-start.ts';
export { decideTurn, type FreshReason, type TurnDecision, type TurnQuestion } from './decide-turn.ts';
export { ERRORS, type ErrorCode, NOTICES, PhaselockError } from './errors.ts';
export { type Conversation, findConversation } from './find-conversation.ts';
export { FLAGS, type FlagName, GUARD_FLAG } from './flags.ts';
export { checkHandoff, HANDOFF_LIMIT, type Handoff, type HandoffProblem } from './handoff.ts';
export {
  type AgentSessionId,
  type ApiKeyId,
  type AttemptId,
  type Generation,
  type ModelId,
  OUTSIDE_THE_GUARD,
  type ProcessId,
  type ProfileId,
  type ProjectId,
  parseAgentSessionId,
  parseApiKeyId,
  parseAttemptId,
  parseGeneration,
  parseModelId,
  parseProcessId,
  parseProfileId,
  parseProjectId,
  parseSessionId,
  parseTaskId,
  type SessionId,
  type TaskId,
} from './ids.ts';
export { EARLIER_SEEDS, KNOWN_MODELS } from './known-models.ts';
export type { ComparisonReason, ModelComparison, Verdict } from './model-comparison.ts';
export type { MissingWhy, ModelIdentity, ModelResolution, Parameters, ParameterValue } from './model-identity.ts';
export { DEFAULT_MODEL_POLICY, type ModelPolicy, STRICT_MODEL_POLICY } from './model-policy.ts';
export { isModelGone, type ModelStanding, modelStanding } from './model-standing.ts';
export { parseDuration } from './parse-duration.ts';
export { type ModelName, parseModelName } from './parse-model-name.ts';
export { MODES, type Mode, PHASE_TITLES, PHASES, type Phase, type PhaseAndMode, parsePhase } from './phase.ts';
export {
  canEnd,
  PROCESS_ACTIONS,
  PROCESS_ENDINGS,
  PROCESS_STATUSES,
  PROCESS_TRANSITIONS,
  type ProcessAction,
  type ProcessEnding,
  type ProcessStatus,
  TURN_REASONS,
  type TurnReason,
} from './process-lifecycle.ts';
export { DELETION_REASONS, type DeletionReason, replacementReason } from './replacement-reason.ts';
export { replacesSession } from './replaces-session.ts';
export { type ModelSelection, refuseUnlisted, resolveModel } from './resolve-model.ts';
export {
  hasEnded,
  nextSessionStatus,
  SESSION_ACTIONS,
  SESSION_STATUSES,
  SESSION_TRANSITIONS,
  type SessionAction,
  type SessionStatus,
  statusesThatAllow,
} from './session-lifecycle.ts';
export { isShown, type LiveSession, type ShownSession, type SlotKey, type SlotState, slotName } from './slot.ts';
export { STORE_FAILURES, type StoreFailureCode } from './store-failure.ts';
export type { PastProcess, ProcessPlace, TurnRequest, TurnSay, TurnSession } from './turn.ts';
export { uuidV7 } from './uuid-v7.ts';
export { visibleLines, visibleText } from './visible-text.ts';
export { type ColourChoice, wantsColours } from './wants-colours.ts';
export { wrapped } from './wrapped-text.ts';
