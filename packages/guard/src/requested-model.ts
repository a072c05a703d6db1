import { isModelGone, type ModelResolution, type ModelSelection, resolveModel } from '@phaselock/core';
import type { TurnState } from '@phaselock/store';
import type { CatalogueView, GuardContext } from './context.ts';
import { resolveInProject } from './resolve-in-project.ts';

/** The model a turn is to work with: the one that is named, else the session's own. */
export async function requestedModel(
  ctx: GuardContext,
  view: CatalogueView,
  { session, slot }: TurnState,
  selection: ModelSelection | undefined,
): Promise<ModelResolution> {
  if (selection !== undefined) return await resolveInProject(ctx, view, slot.taskId, selection);
  // Its own model is the one it began with, whatever the name stands for today.
  const { identity } = session;
  if (isModelGone(view.catalogue, identity))
    return {
      kind: 'missing',
      agent: identity.agent,
      variant: identity.variant,
      model: identity.model,
      why: 'model-deleted',
    };
  // From before it was stored: what the name stands for now is what it is held to from this turn on.
  const resolution = identity.resolvedModel === null ? resolveModel(view.catalogue, identity) : undefined;
  return resolution?.kind === 'resolved' ? resolution : { kind: 'resolved', identity };
}
