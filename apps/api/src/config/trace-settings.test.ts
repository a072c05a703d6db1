import { expect, test } from 'vitest';
import { ConfigMistakes, readConfig } from './read-config.ts';

test('the OTEL_* variables set the address and the headers of the trace collector', () => {
  expect(readConfig({})).toMatchObject({ tracesEndpoint: undefined, tracesHeaders: {}, tracePercent: 100 });
  const config = readConfig({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example:4318',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc, x-tenant = phaselock',
  });
  expect(config).toMatchObject({
    tracesEndpoint: 'https://collector.example:4318',
    tracesHeaders: { authorization: 'Bearer abc', 'x-tenant': 'phaselock' },
  });
});

test.each([
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://me:hunter2@collector' }, 'must not contain a user name'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }, 'must begin with http: or https:'],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'hunter2' }, 'must be name=value'],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'a=hunter2%0d%0ax: y' }, 'must be name=value'],
  [{ OTEL_EXPORTER_OTLP_HEADERS: 'a=hunter2%' }, 'must be name=value'],
])('%j is refused without repeating a secret', (env, mistake) => {
  expect(() => readConfig(env)).toThrow(ConfigMistakes);
  expect(() => readConfig(env)).toThrow(mistake);
  expect(() => readConfig(env)).not.toThrow('hunter2');
});

test.each(['Production', 'eu-west', '1st', 'a b', 'x'.repeat(64)])('%j is refused as PHASELOCK_ENVIRONMENT', (name) => {
  expect(() => readConfig({ PHASELOCK_ENVIRONMENT: name })).toThrow('PHASELOCK_ENVIRONMENT');
});
