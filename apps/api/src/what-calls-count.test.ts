import type { TaskId } from '@phaselock/core';
import { eventually, metricChanges, OPUS, readMetric, SONNET } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { field, textField } from '../test/fields.ts';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';

const NOBODYS_TASK = '00000000-0000-7000-8000-000000000000';

type Asked = Parameters<TestApi['call']>[2];
type Moved = Readonly<Record<string, number>>;

const starts = (outcome: string, cohort = 'treatment'): Moved => ({
  [`phaselock_session_starts_total{outcome="${outcome}",phase="run",mode="standard",cohort="${cohort}"}`]: 1,
});
const attempt = (outcome: string, cohort = 'treatment'): Moved => ({
  [`phaselock_session_replacement_attempts_total{outcome="${outcome}",cohort="${cohort}"}`]: 1,
});
const question = (code: string): Moved => ({
  [`phaselock_session_questions_total{question="${code}",cohort="treatment"}`]: 1,
});
const lookup = (cohort: string): Moved => ({ [`phaselock_session_lookup_seconds_count{cohort="${cohort}"}`]: 1 });
const error = (code: string, cohort: string): Moved => ({
  [`phaselock_errors_total{code="${code}",cohort="${cohort}"}`]: 1,
});
const ofGuarded = lookup('treatment');

describe.each(['pessimistic', 'optimistic', 'redis'])('%s: a call changes exactly these metrics', (strategy) => {
  let api: TestApi;
  let taskId: TaskId;
  beforeAll(async () => {
    api = await openTestApi();
    await setFlag('locking_strategy', { enabled: true, value: strategy });
    taskId = await api.world.task();
    // No snapshot of a slot is used before the bus is healthy, and a start without one may take the lock.
    const busHealthy = () =>
      readMetric({ telemetry: { exposition } }, 'phaselock_invalidation_bus_healthy', { bus: 'postgres' });
    await eventually(async () => expect(await busHealthy()).toBe(1));
  });
  afterAll(() => api[Symbol.asyncDispose]());

  async function setFlag(name: string, body: object): Promise<void> {
    expect((await api.call('PUT', `/v1/admin/flags/${name}`, { body })).status).toBe(200);
  }

  const lock: Moved = {
    [`phaselock_lock_acquisitions_total{strategy="${strategy}"}`]: 1,
    [`phaselock_lock_acquisition_seconds_count{strategy="${strategy}"}`]: 1,
    [`phaselock_lock_hold_seconds_count{strategy="${strategy}"}`]: 1,
  };
  const replaced: Moved = {
    ...starts('replaced'),
    ...attempt('replaced'),
    'phaselock_session_replacements_total{reason="model-changed"}': 1,
    'phaselock_session_replacement_seconds_count{cohort="treatment"}': 1,
  };

  const exposition = async (): Promise<string> => (await api.call('GET', '/metrics')).text;
  /** Ignores the source of a lookup, which depends on timing: a snapshot expires after two seconds. */
  const moved = async (work: () => Promise<unknown>) => {
    const changes = await metricChanges({ telemetry: { exposition } }, ['session', 'errors', 'lock'], work);
    return Object.fromEntries(
      Object.entries(changes).map(([series, change]) => [series.replace(/source="\w+",/, ''), change]),
    );
  };

  const aStart = (model: string, more: object = {}) => ({
    taskId,
    phase: 'run',
    model: { agent: 'claude-code', model },
    ...more,
  });
  /** The answer of a start, and the metrics that it changed. */
  async function start(body: object, asked: Asked = {}) {
    let answered = await api.call('GET', '/healthz');
    const by = await moved(async () => {
      answered = await api.call('POST', '/v1/sessions', { body, ...asked });
    });
    return { status: answered.status, body: answered.body, by };
  }

  test('starts', async () => {
    const created = await start(aStart(SONNET));
    expect(created).toMatchObject({ status: 201 });
    expect(created.by).toEqual({ ...starts('created'), ...lookup('control'), ...lock });

    const existing = await start(aStart(SONNET));
    expect(existing).toMatchObject({ status: 200 });
    expect(existing.by).toEqual({ ...starts('existing'), ...ofGuarded });

    const asked = await start(aStart(OPUS));
    expect(asked).toMatchObject({ status: 409, body: { code: 'replace_confirmation_required' } });
    expect(asked.by).toEqual({ ...starts('asked'), ...question('replace_confirmation_required'), ...ofGuarded });

    const confirm = field(asked.body, 'confirm');
    const replacement = await start(aStart(OPUS, { confirm }));
    expect(replacement).toMatchObject({ status: 201 });
    expect(replacement.by).toEqual({ ...replaced, ...ofGuarded, ...lock });

    const stale = await start(aStart(SONNET, { confirm }));
    expect(stale).toMatchObject({ status: 409, body: { code: 'session_moved_on' } });
    expect(stale.by).toEqual({ ...starts('moved_on'), ...attempt('moved_on'), ...ofGuarded });

    const missing = await start(aStart('nobodys-model'));
    expect(missing).toMatchObject({ status: 422, body: { code: 'model_missing' } });
    expect(missing.by).toEqual({ ...starts('refused'), ...ofGuarded });

    expect((await start({ taskId })).by).toEqual({});
    expect((await start(aStart(SONNET), { key: null })).by).toEqual({});

    const unknown = await start(aStart(SONNET, { taskId: NOBODYS_TASK }));
    expect(unknown).toMatchObject({ status: 404 });
    // Only the pessimistic lock detects a missing task while it is being acquired, so no acquisition is counted.
    const tried = strategy === 'pessimistic' ? {} : lock;
    expect(unknown.by).toEqual({
      ...starts('refused'),
      ...error('task_not_found', 'treatment'),
      ...lookup('control'),
      ...tried,
    });

    const bulk = { items: [aStart(SONNET, { taskId: await api.world.task() })] };
    expect(await moved(() => api.call('POST', '/v1/sessions/bulk', { body: bulk }))).toEqual({
      ...starts('created'),
      ...lookup('control'),
    });
    const latest = `/v1/tasks/${taskId}/sessions/latest?phase=run`;
    expect(await moved(() => api.call('GET', latest))).toEqual(ofGuarded);
  });

  test('feedback', async () => {
    const session = await start(aStart(SONNET, { taskId: await api.world.task() }));
    const path = `/v1/sessions/${textField(session.body, 'session.id')}/feedback`;
    const rated = () => api.call('POST', path, { body: { rating: 'good' } });
    expect(await metricChanges({ telemetry: { exposition } }, ['feedback'], rated)).toEqual({
      'phaselock_feedback_total{rating="good",cohort="treatment"}': 1,
    });
  });

  test('starts while the guard is switched off, all counted in the control cohort', async () => {
    const confirm = { kind: 'replace', shown: { sessionId: NOBODYS_TASK, generation: 1 } };
    await setFlag('single_session_guard', { enabled: false });
    const missing = await start(aStart('nobodys-model'));
    expect(missing).toMatchObject({ status: 422 });
    expect(missing.by).toEqual({ ...starts('refused', 'control'), ...ofGuarded });
    const beside = await start(aStart(SONNET, { confirm }));
    expect(beside).toMatchObject({ status: 201 });
    expect(beside.by).toEqual({
      ...starts('created-beside', 'control'),
      ...attempt('beside', 'control'),
      ...ofGuarded,
    });
    const unknown = await start(aStart(SONNET, { taskId: NOBODYS_TASK }));
    expect(unknown.by).toEqual({
      ...starts('refused', 'control'),
      ...error('task_not_found', 'control'),
      ...lookup('control'),
    });
    const legacy = await start(aStart(SONNET, { taskId: await api.world.task() }));
    expect(legacy.by).toEqual({ ...starts('created-beside', 'control'), ...lookup('control') });
    const path = `/v1/sessions/${textField(legacy.body, 'session.id')}/feedback`;
    const rated = () => api.call('POST', path, { body: { rating: 'bad' } });
    expect(await metricChanges({ telemetry: { exposition } }, ['feedback'], rated)).toEqual({
      'phaselock_feedback_total{rating="bad",cohort="control"}': 1,
    });
  });
});
