import { describe, expect, test } from 'vitest';
import { FOLDER, type Ingress, isSelected, type Labels, manifestsOf, podsOf } from './read-manifests.ts';

const manifests = manifestsOf(FOLDER);
const pods = podsOf(manifests);
const policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy');

const policiesFor = (labels: Labels) => policies.filter(({ spec }) => isSelected(labels, spec?.podSelector ?? {}));

/** Whether all policies together allow a pod of the namespace to connect to the port. */
function mayReach(labels: Labels, namespace: string, port: string): boolean {
  const own = policiesFor(labels);
  if (own.length === 0) return true;
  const isFrom = ({ from }: Ingress): boolean =>
    from.some(({ namespaceSelector }) => isSelected({ 'kubernetes.io/metadata.name': namespace }, namespaceSelector));
  return own.some(({ spec }) =>
    spec?.ingress?.some((ingress) => isFrom(ingress) && ingress.ports.some((one) => one.port === port)),
  );
}

const labelsOf = (component: string): Labels => {
  const pod = pods.find(({ labels }) => labels['app.kubernetes.io/component'] === component);
  expect(pod, component).toBeDefined();
  return pod?.labels ?? {};
};

test('every pod of the manifests is selected by a policy', () => {
  expect(pods.length).toBeGreaterThan(2);
  expect(pods.filter(({ labels }) => policiesFor(labels).length === 0).map(({ owner }) => owner)).toEqual([]);
});

/** The database and Redis may run in the same namespace: README.md names them `db` and `redis`. */
test.each([
  ['a database of the chart', { 'app.kubernetes.io/name': 'postgresql' }],
  ['a database of an operator', { 'cnpg.io/cluster': 'db' }],
  ['a Redis without labels of phaselock', { app: 'redis' }],
  ['a pod without labels', {}],
])('no policy selects %s in the namespace', (_, labels) => {
  expect(policiesFor(labels).map(({ metadata }) => metadata.name)).toEqual([]);
});

describe('allowed ingress', () => {
  test.each([
    ['ingress-nginx', 'api', 'http', true],
    ['monitoring', 'api', 'http', true],
    ['monitoring', 'purge-worker', 'metrics', true],
    ['ingress-nginx', 'purge-worker', 'metrics', false],
    ['default', 'api', 'http', false],
    ['default', 'purge-worker', 'metrics', false],
    ['monitoring', 'migrate', 'http', false],
  ])('from %s to %s, port %s: %s', (namespace, component, port, may) => {
    expect(mayReach(labelsOf(component), namespace, port)).toBe(may);
  });

  test('names only ports that the pods have', () => {
    for (const { metadata, spec } of policies) {
      const selected = pods.filter(({ labels }) => isSelected(labels, spec?.podSelector ?? {}));
      const known = selected.flatMap((pod) => pod.spec.containers.flatMap(({ ports = [] }) => ports));
      const named = (spec?.ingress ?? []).flatMap(({ ports }) => ports.map(({ port }) => port));
      expect(
        named.filter((port) => !known.some(({ name }) => name === port)),
        metadata.name,
      ).toEqual([]);
    }
  });
});

/** Pods connect to DNS, PostgreSQL, Redis, the bucket and a trace collector, whose addresses are unknown here. */
test('no policy restricts egress', () => {
  expect(policies.map(({ spec }) => spec?.policyTypes)).toEqual(policies.map(() => ['Ingress']));
});
