import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readStages } from '@phaselock/rollout';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readArguments } from '../../apps/verify-cli/src/read-arguments.ts';
import { FOLDER, manifestsOf, podsOf } from './read-manifests.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const { preconditions } = readStages(read('ops/rollout/stages.yml'));
const DAY_MS = 86_400_000;

const manifests = manifestsOf(FOLDER);
const pods = podsOf(manifests);
const compose: { readonly services: Readonly<Record<string, { readonly command?: readonly string[] }>> } = parse(
  read('ops/compose/compose.yaml'),
  { merge: true },
);

/** The arguments of verify-sessions in a command or a shell script. */
const argumentsIn = (command: readonly string[] = []): string[] => {
  const [, after = ''] = command.join(' ').split('apps/verify-cli/src/main.ts ');
  return after.split(';')[0]?.split(' ') ?? [];
};

/** PhaselockAuditStale and every rollout gate check the age of the last recorded full audit. */
describe('a full audit is recorded daily', () => {
  const ofEverything = { kind: 'verify', wanted: { kind: 'all' }, record: true };

  test('by a Kubernetes CronJob', () => {
    const job = manifests.find(({ kind, metadata }) => kind === 'CronJob' && metadata.name === 'phaselock-audit');
    expect(job?.spec?.schedule).toMatch(/^\d{1,2} \d{1,2} \* \* \*$/);
    const [container] = pods.find(({ owner }) => owner === 'CronJob phaselock-audit')?.spec.containers ?? [];
    expect(readArguments(argumentsIn(container?.command))).toMatchObject(ofEverything);
    const [, deadline] = /activeDeadlineSeconds: (\d+)/.exec(read('ops/kubernetes/audit.yaml')) ?? [];
    expect(DAY_MS + Number(deadline) * 1_000).toBeLessThanOrEqual(preconditions.oldestAuditMs);
  });

  test('by a service of compose.yaml', () => {
    const { command = [] } = compose.services.audit ?? {};
    expect(readArguments(argumentsIn(command))).toMatchObject(ofEverything);
    const pauses = [...command.join(' ').matchAll(/sleep (\d+)/g)].map(([, seconds]) => Number(seconds) * 1_000);
    expect(pauses.length).toBe(2);
    expect(Math.max(...pauses)).toBeLessThan(preconditions.oldestAuditMs);
  });
});

describe('the image', () => {
  const commands = [
    ...Object.values(compose.services).map(({ command }) => command),
    ...pods.flatMap(({ spec }) => spec.containers.map(({ command }) => command)),
  ];
  const programs = commands.flatMap((command) => [
    ...(Array.isArray(command) ? command.join(' ') : '').matchAll(/apps\/([\w-]+)\/src\/[\w-]+\.ts/g),
  ]);

  test('has the dependencies of every program that is started from it', () => {
    const installed = [...read('Dockerfile').matchAll(/--filter @phaselock\/([\w-]+)\.\.\./g)].map(([, app]) => app);
    expect(new Set(programs.map(([, app]) => app))).toEqual(new Set(installed));
    expect(programs.filter(([file]) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});
