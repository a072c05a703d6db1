import {
  type ModelResolution,
  type ModelSelection,
  PhaselockError,
  refuseUnlisted,
  resolveModel,
  type TaskId,
} from '@phaselock/core';
import type { CatalogueView, GuardContext } from './context.ts';

/** What a selection means in the project of a task: some projects take only models that are listed. Who owns the task is asked only then. */
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
