import type { RunningApi } from '../../../apps/api/test/shared-data.ts';

export type Used = { readonly taskId: string; readonly sessionId: string };

const MODELS = ['claude-sonnet-4-5', 'claude-opus-4-5'] as const;

/** Starts and replaces a session in each of `tasks` tasks: the most frequent use of the API, without errors. */
export async function useAsHealthy(api: RunningApi, tasks: number): Promise<Used> {
  const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${api.url}${path}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${api.key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return Object(await answer.json());
  };
  const project = await post('/v1/projects', { name: 'used' });
  let used: Used = { taskId: '', sessionId: '' };
  for (let number = 0; number < tasks; number += 1) {
    const { id: taskId } = await post('/v1/tasks', { projectId: project.id, title: `task ${number}` });
    const start = (model: string, confirm?: unknown) =>
      post('/v1/sessions', {
        ...{ taskId, phase: 'run', model: { agent: 'claude-code', model } },
        ...(confirm !== undefined && { confirm }),
      });
    await start(MODELS[0]);
    const { confirm } = await start(MODELS[1]);
    const { session } = await start(MODELS[1], confirm);
    used = { taskId: String(taskId), sessionId: String(Object(session).id) };
  }
  return used;
}
