import { isModelGone, type ModelResolution, type ModelSelection, resolveModel } from '@phaselock/core';
import type { TurnState } from '@phaselock/store';
import type { CatalogueView, GuardContext } from './context.ts';
import { resolveInProject } from './resolve-in-project.ts';

/** The model of a turn: the one that the request names, else the model of the session. */
export async function requestedModel(
  ctx: GuardContext,
  view: CatalogueView,
  { session, slot }: TurnState,
  selection: ModelSelection | undefined,
): Promise<ModelResolution> {
  if (selection !== undefined) return await resolveInProject(ctx, view, slot.taskId, selection);
  // The model of the session is the one it began with, even if an alias now points to another model.
  const { identity } = session;
  if (isModelGone(view.catalogue, identity))
    return {
      kind: 'missing',
      agent: identity.agent,
      variant: identity.variant,
      model: identity.model,
      why: 'model-deleted',
    };
  // If the session was created before resolved models were stored, the name of its model is resolved now.
  const resolution = identity.resolvedModel === null ? resolveModel(view.catalogue, identity) : undefined;
  return resolution?.kind === 'resolved' ? resolution : { kind: 'resolved', identity };
}
