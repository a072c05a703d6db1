import { parseAttemptId, parseProcessId, parseSessionId, parseTaskId } from '@phaselock/core';
import { describe, expect, it } from 'vitest';
import { capturedAnything, capturedLines } from '../test/captured-lines.ts';
import { logModelChange } from './log-model-change.ts';
import { createLogger, silentLogger } from './logger.ts';

describe('a log line', () => {
  it('contains the required ECS fields', () => {
    const { logger, lines } = capturedLines();
    logger.warn({ 'phaselock.task_id': 't1' }, 'slot is busy');
    expect(lines()).toEqual([
      {
        '@timestamp': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        'log.level': 'warn',
        message: 'slot is busy',
        'ecs.version': '8.11.0',
        'service.name': 'phaselock-api',
        'service.version': '1.2.3',
        'service.environment': 'test',
        'event.dataset': 'phaselock.api',
        'process.pid': process.pid,
        'host.hostname': expect.any(String),
        'phaselock.task_id': 't1',
      },
    ]);
  });

  it('has a message even if none was given', () => {
    const { logger, lines } = capturedAnything();
    logger.info({ task_id: 't1' });
    logger.info({ err: new Error('broken') });
    logger.error(new Error('broken as well'));
    logger.info('plain');
    expect(lines().map((line) => line.message)).toEqual(['', 'broken', 'broken as well', 'plain']);
  });

  it('contains only the ECS fields of an error and its causes', () => {
    const { logger, lines } = capturedLines();
    const cause = Object.assign(new TypeError('socket closed'), { code: 'ECONNRESET' });
    const error = Object.assign(new Error('query failed', { cause }), { code: '57P03', query: 'select secret_column' });
    logger.error({ err: error }, 'start failed');
    const [line] = lines();
    expect(line).toMatchObject({
      'error.type': 'Error',
      'error.message': 'query failed',
      'error.code': '57P03',
      message: 'start failed',
    });
    expect(line?.['error.stack_trace']).toMatch(/query failed[\s\S]+Caused by: TypeError: socket closed/);
    expect(JSON.stringify(line)).not.toContain('secret_column');
    expect(line).not.toHaveProperty('err');
  });

  it('contains the context fields at the time it is written', () => {
    const request: { fields: Record<string, string> | undefined } = { fields: { 'http.request.id': 'r1' } };
    const written: string[] = [];
    const destination = { write: (line: string) => void written.push(line) };
    const logger = createLogger({
      service: 'phaselock-purge-worker',
      version: '1.2.3',
      environment: 'test',
      destination,
      context: () => request.fields,
    });
    logger.info('within');
    request.fields = undefined;
    logger.info('without');
    expect(written.map((line) => JSON.parse(line)['http.request.id'])).toEqual(['r1', undefined]);
    expect(JSON.parse(written[0] ?? '')['event.dataset']).toBe('phaselock.purge_worker');
  });

  it('accepts any thrown value', () => {
    const { logger, lines } = capturedLines();
    logger.error({ err: 'just text' }, 'failed');
    expect(lines()[0]).toMatchObject({ 'error.type': 'string', 'error.message': 'just text' });
  });

  it('contains the bindings of a child logger', () => {
    const { logger, lines } = capturedAnything();
    logger.child({ session_id: 's1' }).info({ generation: 2 }, 'turn began');
    expect(lines()[0]).toMatchObject({ session_id: 's1', generation: 2, message: 'turn began' });
  });
});

describe('the log level', () => {
  it('suppresses lines below it', () => {
    const { logger, lines } = capturedLines('warn');
    logger.info('quiet');
    logger.warn('loud');
    expect(lines()).toHaveLength(1);
  });

  it('disables all lines when it is silent', () => {
    expect(silentLogger().isLevelEnabled('fatal')).toBe(false);
  });
});

describe('the line of a model change', () => {
  const id = '019aa001-0000-7000-8000-000000000001';
  const [taskId, taskAttemptId] = [parseTaskId(id), parseAttemptId(id)];
  const [sessionId, processId] = [parseSessionId(id), parseProcessId(id)];
  const change = (previous: [string | null, string | null], current: [string | null, string | null]) => {
    if (!taskId || !taskAttemptId || !sessionId || !processId) throw new Error('no ids');
    const { logger, lines } = capturedLines();
    const named = ([variant, model]: [string | null, string | null]) => ({ variant, model, resolvedModel: model });
    logModelChange(logger, {
      taskId,
      taskAttemptId,
      sessionId,
      processId,
      previous: named(previous),
      current: named(current),
    });
    return lines()[0];
  };

  it('has the fixed text and fields, at info', () => {
    expect(change(['SONNET', 'claude-sonnet-4-5'], ['OPUS', 'claude-opus-4-5'])).toMatchObject({
      'log.level': 'info',
      message: 'Model changed between sessions, starting fresh to avoid context incompatibility',
      'phaselock.task_id': id,
      task_attempt_id: id,
      previous_variant: 'SONNET',
      current_variant: 'OPUS',
      'phaselock.process_id': id,
      'phaselock.previous_resolved_model': 'claude-sonnet-4-5',
      'phaselock.current_resolved_model': 'claude-opus-4-5',
    });
  });

  it('contains the model without a profile, and null for the agent’s default', () => {
    expect(change([null, 'claude-sonnet-4-5'], [null, null])).toMatchObject({
      previous_variant: 'claude-sonnet-4-5',
      current_variant: null,
    });
  });
});
