import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { FOLDER, type Manifest, manifestsOf, type PodSpec, podsOf, resourcesOf, SHIPPER } from './read-manifests.ts';
import { mistakesIn } from './settings-in.ts';

const require = createRequire(import.meta.url);
const CORE = dirname(require.resolve('kubernetes-models/package.json'));
const OPERATOR = dirname(require.resolve('@kubernetes-models/prometheus-operator/package.json'));

const manifests = manifestsOf(FOLDER);
const shipper = manifestsOf(SHIPPER);
const named = [...manifests, ...shipper].map(
  (manifest) => [`${manifest.kind} ${manifest.metadata.name}`, manifest] as const,
);
const pods = podsOf(manifests).map(({ owner, spec }) => [owner, spec] as const);
const config = manifests.find(({ kind }) => kind === 'ConfigMap')?.data ?? {};

type Model = new (manifest: Manifest) => { validate(): void };

/** The model of a kind, which validates a manifest against the schema of Kubernetes or of the operator. */
async function modelOf({ apiVersion, kind }: Manifest): Promise<Model> {
  const home = apiVersion.startsWith('monitoring.coreos.com/') ? OPERATOR : CORE;
  const loaded: unknown = await import(pathToFileURL(join(home, apiVersion, `${kind}.js`)).href);
  if (isModule(loaded)) {
    const model = loaded[kind];
    if (model !== undefined) return model;
  }
  throw new Error(`${apiVersion} has no ${kind}`);
}
const isModule = (loaded: unknown): loaded is Readonly<Record<string, Model>> =>
  typeof loaded === 'object' && loaded !== null;

test.each([
  ['ops/kubernetes', FOLDER],
  ['ops/kubernetes/filebeat', SHIPPER],
])('every file of %s is in its kustomization', (_, folder) => {
  const files = globSync('*.yaml', { cwd: folder }).filter((file) => file !== 'kustomization.yaml');
  expect(files.toSorted()).toEqual(resourcesOf(folder).toSorted());
});

test.each(named)('%s matches its schema', async (_, manifest) => {
  const Model = await modelOf(manifest);
  expect(() => new Model(manifest).validate()).not.toThrow();
});

/** The schemas accept unknown fields, so this test finds misspelt ones. */
test('every field name is known to Kubernetes or the operator', () => {
  const texts = [
    ...globSync('{v1,apps/v1,batch/v1,policy/v1,networking.k8s.io/v1}/*.d.ts', { cwd: CORE }).map((file) =>
      join(CORE, file),
    ),
    ...globSync('_schemas/*.d.ts', { cwd: CORE }).map((file) => join(CORE, file)),
    ...globSync(join(dirname(CORE), '@kubernetes-models/apimachinery/apis/meta/v1/*.d.ts')),
    ...globSync('monitoring.coreos.com/v1/*.d.ts', { cwd: OPERATOR }).map((file) => join(OPERATOR, file)),
  ].map((file) => readFileSync(file, 'utf8'));
  const known = new Set(
    texts.flatMap((text) => [...text.matchAll(/^\s*"?(\w+)"?\??: /gm)].map(([, name = '']) => name)),
  );
  const fieldsOf = (value: unknown): string[] => {
    if (Array.isArray(value)) return value.flatMap(fieldsOf);
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([name, part]) =>
      ['labels', 'matchLabels', 'annotations', 'data', 'limits', 'requests'].includes(name) ||
      (name === 'selector' && isLabels(part))
        ? [name]
        : [name, ...fieldsOf(part)],
    );
  };
  const isLabels = (part: unknown) => JSON.stringify(part).startsWith('{"app.kubernetes.io/');
  const used = new Set([...manifests, ...shipper].flatMap(fieldsOf));
  expect(known.has('terminationGracePeriodSeconds')).toBe(true);
  expect([...used].filter((name) => !known.has(name) && !['apiVersion', 'kind'].includes(name))).toEqual([]);
});

describe.each(pods)('the pods of %s', (_, { containers, securityContext, automountServiceAccountToken }) => {
  test('run without privileges and have CPU and memory limits', () => {
    expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(automountServiceAccountToken).toBe(false);
    for (const container of containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(Object.keys(container.resources.limits)).toEqual(['cpu', 'memory']);
    }
  });

  test('have known settings with valid values and no inline secret', () => {
    for (const { command = [], env = [], envFrom = [] } of containers) {
      const own = Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
      const secret = env.filter(({ valueFrom }) => valueFrom !== undefined).map(({ name }) => name);
      const all = { ...(envFrom.length > 0 ? config : {}), ...own };
      const withSecrets = { ...all, ...Object.fromEntries(secret.map((name) => [name, whatASecretHolds(name)])) };
      expect(mistakesIn(command, withSecrets)).toEqual([]);
      expect(secret).toContain('PHASELOCK_DATABASE_URL');
      expect(JSON.stringify(all)).not.toMatch(/:\/\/[^/\s"]+:[^/\s"]+@|plk_/);
    }
  });
});

const whatASecretHolds = (name: string): string =>
  name === 'PHASELOCK_REDIS_URL' ? 'redis://redis:6379' : 'postgres://phaselock:secret@postgres:5432/phaselock';

const podOf = (name: string): PodSpec | undefined => pods.find(([pod]) => pod === name)?.[1];

test('an API replica has time to drain and both probes, and there are at least two replicas', () => {
  const pod = podOf('Deployment phaselock-api');
  const [api] = pod?.containers ?? [];
  const value = (name: string) => Number(api?.env?.find((one) => one.name === name)?.value);
  const drain = value('PHASELOCK_DRAIN_DELAY_MS') + value('PHASELOCK_DRAIN_TIMEOUT_MS');
  expect((pod?.terminationGracePeriodSeconds ?? 0) * 1_000).toBeGreaterThan(drain);
  expect(api?.livenessProbe?.httpGet.path).toBe('/healthz');
  expect(api?.readinessProbe?.httpGet.path).toBe('/readyz');
  const deployment = manifests.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'phaselock-api');
  expect(deployment?.spec?.replicas).toBeGreaterThanOrEqual(2);
});

test('the purge worker has 2 cores and 4 GB', () => {
  expect(podOf('Deployment phaselock-purge-worker')?.containers[0]?.resources.limits).toEqual({
    cpu: '2',
    memory: '4G',
  });
});

/** The log lines of several installations share an index, so each line needs the name of its environment. */
test('every Deployment gets an environment name other than default', () => {
  const logging = pods.filter(([owner]) => owner.startsWith('Deployment '));
  expect(logging.length).toBe(2);
  expect(logging.filter(([, { containers }]) => containers.some(({ envFrom = [] }) => envFrom.length === 0))).toEqual(
    [],
  );
  expect(config).toMatchObject({ PHASELOCK_ENVIRONMENT: expect.stringMatching(/^(?!default)[a-z]/) });
});

test('the log shipper has no privileges, and only the mount for its read positions is writable', () => {
  expect(podsOf(shipper).flatMap(({ spec }) => spec.containers.map(({ securityContext }) => securityContext))).toEqual([
    { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  ]);
  const text = readFileSync(join(SHIPPER, 'daemon-set.yaml'), 'utf8');
  const mounted = [...text.matchAll(/- \{ name: (\w+), mountPath: \S+?(, readOnly: true)? \}/g)];
  expect(mounted.filter(([, , readOnly]) => readOnly === undefined).map(([, name]) => name)).toEqual(['data']);
});

test('no manifest is a Secret', () => {
  expect([...manifests, ...shipper].filter(({ kind }) => kind === 'Secret')).toEqual([]);
});
