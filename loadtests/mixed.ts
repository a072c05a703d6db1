import { check, sleep } from 'k6';
import exec from 'k6/execution';
import http, { type Response } from 'k6/http';
import { Rate, Trend } from 'k6/metrics';
import type { Options } from 'k6/options';

/**
 * Users of an orchestrator at work: starts, questions, confirmed replaces, turns with heartbeats, lookups and lists. A closed model with time to
 * think: as many users as are asked for, each of whom waits for an answer before going on. What it says of latency holds for that many users and no
 * more. Only for a service on this machine.
 */
type Limits = { readonly k6: { readonly [metric: string]: string[] } };
const { k6: thresholds }: Limits = JSON.parse(open('../ops/rollout/thresholds.json'));

const URLS = (__ENV.PHASELOCK_URLS ?? 'http://127.0.0.1:4700').split(',');
const KEY = __ENV.PHASELOCK_API_KEY ?? '';
const THINK_SECONDS = Number(__ENV.THINK_SECONDS ?? '0.3');
for (const url of URLS)
  if (!/^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(url)) throw new Error(`${url} is not on this machine`);

export const options: Options = {
  vus: Number(__ENV.USERS ?? '10'),
  duration: __ENV.DURATION ?? '30s',
  thresholds: { ...thresholds, checks: ['rate>0.9'] },
  // An address has ids in it: a series for each would be made.
  systemTags: ['status', 'method', 'name', 'check', 'scenario'],
  noConnectionReuse: false,
};

const replacementFailed = new Rate('session_replacement_failed');
const startFailed = new Rate('session_start_failed');
const lookupDuration = new Trend('session_lookup_duration', true);
const replacementDuration = new Trend('session_replacement_duration', true);

const SONNET = { agent: 'claude-code', model: 'claude-sonnet-4-5' };
const OPUS = { agent: 'claude-code', model: 'claude-opus-4-5' };
// A question, and what has moved on, are answers.
http.setResponseCallback(http.expectedStatuses({ min: 200, max: 299 }, 404, 409));

type Json = { readonly [name: string]: unknown };
type Session = { readonly sessionId: string; readonly generation: number };

let calls = 0;

function send(method: 'GET' | 'POST' | 'DELETE', path: string, name: string, body?: object): Response {
  calls += 1;
  sleep(THINK_SECONDS * (0.5 + Math.random()));
  const headers = { Authorization: `Bearer ${KEY}`, 'Content-Type': 'application/json' };
  const sent = body === undefined ? null : JSON.stringify(body);
  const ask = () =>
    http.request(method, `${URLS[calls % URLS.length]}${path}`, sent, { headers, tags: { name }, timeout: '10s' });
  const answer = ask();
  if (answer.status !== 0 || URLS.length === 1) return answer;
  // Nobody is there: a balancer would go to the next.
  calls += 1;
  return ask();
}

const bodyOf = (answer: Response): Json => {
  const said: unknown = answer.body === null || answer.status === 0 ? {} : JSON.parse(String(answer.body));
  return isJson(said) ? said : {};
};
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null;
const textOf = ({ id }: Json): string => (typeof id === 'string' ? id : '');
const failed = ({ status }: Response): boolean => status === 0 || status >= 500 || status === 423;

function sessionOf(answer: Response): Session | undefined {
  const { session } = bodyOf(answer);
  if (!isJson(session) || typeof session.generation !== 'number') return undefined;
  return { sessionId: textOf(session), generation: session.generation };
}

export default function work(): void {
  const projectId = textOf(bodyOf(send('POST', '/v1/projects', 'createProject', { name: 'load' })));
  const taskId = textOf(bodyOf(send('POST', '/v1/tasks', 'createTask', { projectId, title: 'a task' })));
  const attemptId = textOf(bodyOf(send('POST', '/v1/attempts', 'createAttempt', { taskId, branch: 'attempt/1' })));
  if (attemptId === '') return;
  const slot = { taskId, phase: 'run', onBehalfOf: `user-${exec.vu.idInTest}` };

  const started = send('POST', '/v1/sessions', 'start', { ...slot, model: SONNET });
  startFailed.add(failed(started));
  check(started, { 'a start creates a session': ({ status }) => status === 201 });
  let session = sessionOf(started);
  if (session === undefined) return;
  takeTurn(session, attemptId);

  for (const model of [OPUS, SONNET]) {
    const asked = send('POST', '/v1/sessions', 'question', { ...slot, model });
    startFailed.add(failed(asked));
    const { confirm } = bodyOf(asked);
    const replaced = send('POST', '/v1/sessions', 'replace', { ...slot, model, ...(isJson(confirm) && { confirm }) });
    startFailed.add(failed(replaced));
    replacementFailed.add(failed(replaced));
    replacementDuration.add(replaced.timings.duration);
    check(replaced, { 'a confirmed replace is done': ({ status }) => status === 201 });
    // The old runner, who was not told yet, and a user who still sees the old dialog.
    if (Math.random() < 0.2)
      send('POST', `/v1/sessions/${session.sessionId}/turns`, 'old turn', {
        generation: session.generation,
        attemptId,
      });
    if (Math.random() < 0.1)
      send('POST', '/v1/sessions', 'old replace', { ...slot, model, ...(isJson(confirm) && { confirm }) });
    session = sessionOf(replaced) ?? session;

    const found = send('GET', `/v1/tasks/${taskId}/sessions/latest?phase=run`, 'latest');
    lookupDuration.add(found.timings.duration);
    check(found, { 'the latest session is found': ({ status }) => status === 200 });
    takeTurn(session, attemptId);
  }

  send('GET', `/v1/sessions?taskId=${taskId}`, 'list');
  const rating = Math.random() < 0.1 ? 'bad' : 'good';
  send('POST', `/v1/sessions/${session.sessionId}/feedback`, 'feedback', { rating });
  send('POST', '/v1/sessions', 'unknown task', {
    ...slot,
    taskId: '01900000-0000-7000-8000-000000000001',
    model: OPUS,
  });
  if (Math.random() < 0.7) send('DELETE', `/v1/sessions/${session.sessionId}`, 'delete');
}

function takeTurn({ sessionId, generation }: Session, attemptId: string): void {
  const turn = bodyOf(send('POST', `/v1/sessions/${sessionId}/turns`, 'turn', { generation, attemptId }));
  if (typeof turn.processId !== 'string') return;
  const path = `/v1/sessions/${sessionId}/processes/${turn.processId}`;
  send('POST', `${path}/heartbeat`, 'heartbeat', { generation });
  const agentSessionId = `agent-${exec.vu.idInTest}-${calls}`;
  send('POST', `${path}/finish`, 'finish', { generation, ending: 'completed', agentSessionId });
}
