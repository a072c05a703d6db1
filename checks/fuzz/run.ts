import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * Stateful fuzzing of the HTTP API with schemathesis, from the OpenAPI document, against a real API with its own
 * database. Fails if an operation returned a 5xx, or never returned a success.
 */
const ROOT = resolve(import.meta.dirname, '../..');
const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '240' }, seed: { type: 'string', default: '1' } },
});
/** Operations with an endless answer, which schemathesis cannot read. This program opens and closes each one once. */
const STREAMS = ['taskChanges', 'projectChanges'];

if (spawnSync('schemathesis', ['--version']).status !== 0) {
  console.error('schemathesis is not on the path. Install it with: pip install schemathesis');
  process.exit(64);
}

const home = mkdtempSync(join(tmpdir(), 'phaselock-fuzz-'));
const env = {
  ...process.env,
  PHASELOCK_DATA_DIR: join(home, 'data'),
  PHASELOCK_PORT: '0',
  PHASELOCK_RATE_LIMIT: '0',
  // One of the generated calls would revoke the API key, and the API would refuse all later calls.
  PHASELOCK_AUTH: 'off',
  PHASELOCK_LEASE_MS: '86400000',
  PHASELOCK_LOG_LEVEL: 'error',
  PHASELOCK_ARCHIVE_AFTER_HOURS: '0',
};
const api = spawn(process.execPath, [join(ROOT, 'apps/api/src/main.ts')], {
  env,
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  process.exitCode = (await fuzz(await urlOf())) ? 0 : 1;
} finally {
  api.kill('SIGTERM');
  if (api.exitCode === null) await once(api, 'exit');
  rmSync(home, { recursive: true, force: true });
}

async function urlOf(): Promise<string> {
  let text = '';
  for await (const chunk of api.stdout) {
    text += String(chunk);
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(text) ?? [];
    if (url !== undefined && text.includes('Ctrl-C')) {
      api.stdout.resume();
      return url;
    }
  }
  throw new Error(`the service did not start:\n${text}`);
}

async function fuzz(url: string): Promise<boolean> {
  const call = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return Object(text === '' ? {} : JSON.parse(text));
  };
  const ids = await seed(call);
  for (const path of [`/v1/tasks/${ids.taskId[0]}/changes`, `/v1/projects/${ids.projectId[0]}/changes`]) {
    const stream = await fetch(`${url}${path}`, { headers: { Accept: 'text/event-stream' } });
    if (!stream.ok) throw new Error(`${path}: ${stream.status} ${await stream.text()}`);
    await stream.body?.cancel();
  }
  const ran = spawn(
    'schemathesis',
    [
      'run',
      `${url}/openapi.json`,
      ...['--phases', 'examples,coverage,fuzzing,stateful', '--max-time', values.seconds, '--seed', values.seed],
      ...[
        '--checks',
        'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance',
      ],
      ...['--request-timeout', '20', '--generation-database', ':memory:', '--continue-on-failure'],
      ...STREAMS.flatMap((id) => ['--exclude-operation-id', id]),
    ],
    {
      cwd: home,
      env: {
        ...env,
        SCHEMATHESIS_HOOKS: join(import.meta.dirname, 'known_ids.py'),
        PHASELOCK_FUZZ_IDS: JSON.stringify(ids),
      },
      stdio: 'inherit',
    },
  );
  const [status] = await once(ran, 'exit');
  return (await tell(url)) && status === 0;
}

async function seed(call: (method: string, path: string, body?: unknown) => Promise<Record<string, unknown>>) {
  const made = async (path: string, body: object): Promise<string> => String((await call('POST', path, body)).id);
  const model = { agent: 'claude-code', model: 'claude-sonnet-4-5' };
  const projectId = await made('/v1/projects', { name: 'fuzzed' });
  const taskId = await made('/v1/tasks', { projectId, title: 'fuzzed' });
  const attemptId = await made('/v1/attempts', { taskId });
  const archivedSessionId = await made('/v1/sessions/standalone', { taskId, phase: 'run', model });
  await call('DELETE', `/v1/sessions/${archivedSessionId}`);
  const purge = spawnSync(process.execPath, [join(ROOT, 'apps/purge-worker/src/main.ts'), 'once'], {
    env,
    encoding: 'utf8',
  });
  if (purge.status !== 0) throw new Error(`nothing was archived:\n${purge.stdout}${purge.stderr}`);
  // Many sessions, because the generated calls finish and delete some of them.
  const atWork = [];
  for (let n = 0; n < 40; n += 1) {
    const ofTask = await made('/v1/tasks', { projectId, title: `at work ${n}` });
    const { session } = await call('POST', '/v1/sessions', { taskId: ofTask, phase: 'run', model });
    const { id: sessionId, generation } = Object(session);
    const attempt = await made('/v1/attempts', { taskId: ofTask });
    const turn = await call('POST', `/v1/sessions/${sessionId}/turns`, { generation, attemptId: attempt });
    atWork.push({ sessionId: String(sessionId), processId: String(turn.processId) });
  }
  return {
    projectId: [projectId],
    taskId: [taskId],
    attemptId: [attemptId],
    atWork,
    sessionId: atWork.map(({ sessionId }) => sessionId),
    generation: [1],
    archivedSessionId: [archivedSessionId],
    model: [model],
    name: ['pessimistic_locking_enabled'],
  };
}

/** Prints the answers by operation and status class, as the service counted them. Returns whether the run passed. */
async function tell(url: string): Promise<boolean> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const counts = new Map<string, Map<string, number>>();
  for (const [, operation = '', status = '', count] of metrics.matchAll(
    /^phaselock_http_requests_total\{operation="(\w+)",status_class="(\w+)"\} (\d+)$/gm,
  )) {
    const of = counts.get(operation) ?? new Map<string, number>();
    counts.set(operation, of.set(status, Number(count)));
  }
  const operations = operationsIn(await (await fetch(`${url}/openapi.json`)).json());
  const rows = operations.map((id) => {
    const of = (status: string): number => counts.get(id)?.get(status) ?? 0;
    return { operation: id, '2xx': of('2xx'), '4xx': of('4xx'), '5xx': of('5xx') };
  });
  console.table(rows);
  const unreached = rows
    .filter((row) => row['2xx'] === 0 && !STREAMS.includes(row.operation))
    .map(({ operation }) => operation);
  const failed = [...counts].filter(([, of]) => (of.get('5xx') ?? 0) > 0).map(([operation]) => operation);
  if (operations.length === 0) console.log('no operation was read from the document');
  if (unreached.length > 0) console.log(`never answered with success: ${unreached.join(', ')}`);
  if (failed.length > 0) console.log(`answered with 5xx: ${failed.join(', ')}`);
  return operations.length > 0 && unreached.length === 0 && failed.length === 0;
}

function operationsIn(document: unknown): string[] {
  return [...JSON.stringify(document).matchAll(/"operationId":"(\w+)","tags"/g)].map(([, id = '']) => id);
}
