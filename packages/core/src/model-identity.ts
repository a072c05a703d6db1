import type { Agent } from './agents.ts';

export type ParameterValue = string | number | boolean | null;
export type Parameters = Readonly<Record<string, ParameterValue>>;

/** What a session speaks to, resolved when it was chosen: a variant's meaning can change later. */
export type ModelIdentity = {
  readonly agent: Agent;
  /** The profile the choice came from; a label, never compared except under a strict policy. */
  readonly variant: string | null;
  /** As it was asked for. Null is the agent's own default. */
  readonly model: string | null;
  /**
   * The model that name stood for when it was looked up: the target of an alias, the agent's default for null, else the name itself. An alias
   * can move later; the conversation stays with the model it began with. Null where the catalogue could not tell.
   */
  readonly resolvedModel: string | null;
  readonly parameters: Parameters;
};

export type MissingWhy = 'model-deleted' | 'model-missing' | 'variant-deleted' | 'variant-missing';

/** A choice that was looked up: either an identity, or the reason there is none. */
export type ModelResolution =
  /** `unlisted`: no entry of the catalogue names it, but its family is known there. */
  | { readonly kind: 'resolved'; readonly identity: ModelIdentity; readonly unlisted?: true }
  | {
      readonly kind: 'missing';
      readonly agent: Agent;
      readonly variant: string | null;
      readonly model: string | null;
      readonly why: MissingWhy;
    };
