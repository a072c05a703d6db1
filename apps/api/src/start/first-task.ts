import type { TaskId } from '@phaselock/core';
import type { Guard } from '@phaselock/guard';

export const DEMO_PROJECT = 'Webshop (demo)';
const PROJECT = 'Getting started';
const TASK = 'A first guarded session';

/**
 * A task to try the service with: created in an empty database, and found again later. Undefined if there are other
 * projects.
 */
export async function firstTask(guard: Guard): Promise<TaskId | undefined> {
  const { items: projects } = await guard.listProjects({}, { limit: 200 });
  const mine = projects.find(({ name }) => name === PROJECT || name === DEMO_PROJECT);
  if (mine !== undefined) return (await guard.listTasks({ projectId: mine.id }, { limit: 1 })).items[0]?.id;
  if (projects.length > 0) return undefined;
  return await guard.addTask(await guard.addProject(PROJECT), TASK);
}
