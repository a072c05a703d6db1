import type { Agent } from './agents.ts';
import type { ModelName } from './parse-model-name.ts';

/** The configurable part of the model comparison. */
export type ModelPolicy = {
  /**
   * Any inequality of model, variant or parameters is a change, and no name is resolved. For auditing systems that
   * compare plain text.
   */
  readonly strict: boolean;
  /** Names of parameters whose difference is a change; a difference in any other parameter is minor. */
  readonly criticalParameters: readonly string[];
  /** The model an agent runs if no model is named. Without an entry, "default" and a name are different models. */
  readonly defaultModels: Readonly<Partial<Record<Agent, string>>>;
  /**
   * Moving names in lower case, such as `sonnet`, mapped to their current target. A key with an agent, such as
   * `codex mini`, applies to that agent only. Used only for identities without a `resolvedModel`.
   */
  readonly aliases: Readonly<Record<string, string>>;
  /** The catalogue's names in lower case, parsed in advance to avoid parsing them at every comparison. */
  readonly parsedNames?: ReadonlyMap<string, ModelName>;
};

export const DEFAULT_MODEL_POLICY: ModelPolicy = {
  strict: false,
  criticalParameters: [
    'reasoning_effort',
    'thinking_budget',
    'temperature',
    'context_window',
    'system_prompt',
    'append_system_prompt',
    'thinking',
  ],
  defaultModels: {},
  aliases: {},
};

export const STRICT_MODEL_POLICY: ModelPolicy = { ...DEFAULT_MODEL_POLICY, strict: true };
