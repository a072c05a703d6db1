import type { Agent } from './agents.ts';

export type ParameterValue = string | number | boolean | null;
export type Parameters = Readonly<Record<string, ParameterValue>>;

/**
 * The model of a session or process. It is resolved once and stored, because the profile or alias that was chosen can
 * mean another model later.
 */
export type ModelIdentity = {
  readonly agent: Agent;
  /** The name of the chosen profile, null if none was chosen. Only a strict policy (`ModelPolicy`) compares it. */
  readonly variant: string | null;
  /** The model name as requested; null for the agent's own default. */
  readonly model: string | null;
  /**
   * The model that name stood for when it was looked up: the target of an alias, the agent's default for null, else the
   * name itself. An alias can move later; the conversation stays with the model it began with. Null if no lookup result
   * was recorded.
   */
  readonly resolvedModel: string | null;
  readonly parameters: Parameters;
};

export type MissingWhy = 'model-deleted' | 'model-missing' | 'variant-deleted' | 'variant-missing';

/** The result of looking up a model choice: either an identity, or the reason why there is none. */
export type ModelResolution =
  /**
   * `unlisted`: the catalogue has no entry for the name, but lists another model of the same family (`claude-sonnet`),
   * so the name is accepted.
   */
  | { readonly kind: 'resolved'; readonly identity: ModelIdentity; readonly unlisted?: true }
  | {
      readonly kind: 'missing';
      readonly agent: Agent;
      readonly variant: string | null;
      readonly model: string | null;
      readonly why: MissingWhy;
    };
