import type { Agent, ModelIdentity, Parameters } from '@phaselock/core';

/** The columns of a model identity, which sessions and processes have in common. */
export type IdentityRow = {
  readonly agent: Agent;
  readonly variant: string | null;
  readonly model: string | null;
  readonly resolved_model: string | null;
  readonly parameters: Parameters;
};

export const toIdentity = ({ agent, variant, model, resolved_model, parameters }: IdentityRow): ModelIdentity => ({
  agent,
  variant,
  model,
  resolvedModel: resolved_model,
  parameters,
});
