import {
  type ModelResolution,
  type ModelSelection,
  PhaselockError,
  refuseUnlisted,
  resolveModel,
  type TaskId,
} from '@phaselock/core';
import type { CatalogueView, GuardContext } from './context.ts';

/**
 * Resolves a model selection in the project of a task. Some projects refuse models that are not listed; the project is
 * looked up only if that matters.
 */
export async function resolveInProject(
  ctx: GuardContext,
  { catalogue, strictProjects }: CatalogueView,
  taskId: TaskId,
  selection: ModelSelection,
): Promise<ModelResolution> {
  const resolution = resolveModel(catalogue, selection);
  if (resolution.kind === 'missing' || resolution.unlisted !== true || strictProjects.size === 0) return resolution;
  const owner = await ctx.owners.of(ctx.database, { kind: 'task', id: taskId });
  if (owner === undefined) throw new PhaselockError('task_not_found');
  return strictProjects.has(owner.projectId) ? refuseUnlisted(resolution) : resolution;
}
