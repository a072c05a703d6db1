import { chooseTask } from './choose.ts';
import { chooseClient, type Move, maybeKey } from './turn.ts';

/** Moves that create and delete tasks, attempts and projects. */
export const makeTask: Move = async (turn) => {
  const { random, ask, memory, step } = turn;
  const client = chooseClient(turn);
  const projectId = random.chance(0.9) === (client.name === 'other') ? memory.projects.theirs : memory.projects.ours;
  await ask(client, 'createTask', { body: { projectId, title: `task ${step}` }, ...maybeKey(turn, 'createTask') });
};

export const makeAttempt: Move = async (turn) => {
  const { ask, step } = turn;
  const client = chooseClient(turn);
  await ask(client, 'createAttempt', {
    body: { taskId: chooseTask(turn, client), branch: `try/${step}` },
    ...maybeKey(turn, 'createAttempt'),
  });
};

/** Usually deletes a new attempt; one with processes cannot be deleted. */
export const deleteAttempt: Move = async (turn) => {
  const { random, ask, memory } = turn;
  const attempts = [...memory.attempts.values()].slice(6);
  const attempt = random.chance(0.7)
    ? random.recent(attempts, 3)
    : random.maybe([...memory.attempts.values()].slice(1));
  if (attempt === undefined) return;
  await ask(chooseClient(turn), 'deleteAttempt', { params: { attemptId: attempt.id } });
};

export const deleteTask: Move = async (turn) => {
  const { random, ask, memory } = turn;
  const task = random.recent([...memory.tasks.values()].slice(6), 4);
  if (task !== undefined) await ask(chooseClient(turn), 'deleteTask', { params: { taskId: task.id } });
};

/** Succeeds only with the scope `admin`; a refusal with 403 must have no effect. */
export const makeProject: Move = async (turn) => {
  const { ask, step } = turn;
  const client = chooseClient(turn);
  const made = await ask(client, 'createProject', {
    body: { name: `project ${step} of ${client.name}` },
    ...maybeKey(turn, 'createProject'),
  });
  const id = made.status === 201 ? Reflect.get(Object(made.answer), 'id') : turn.memory.projects.ours;
  await ask(turn.random.chance(0.5) ? client : turn.clients.all, 'deleteProject', {
    params: { projectId: String(id) },
  });
};

/** Changes whether a project accepts unlisted model names, if the API has this. */
export const editProject: Move = async (turn) => {
  const { random, ask, memory, operations } = turn;
  const edit = operations.at('PUT', /^\/v1\/projects\/\{\w+\}$/);
  if (edit === undefined) return;
  const params = { projectId: random.chance(0.7) ? memory.projects.ours : memory.projects.theirs };
  await ask(chooseClient(turn), edit.id, { params, body: { unlistedModels: random.pick(['accepted', 'refused']) } });
};
