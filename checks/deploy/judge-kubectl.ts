import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FOLDER, isSelected, type Labels, type Manifest, podsOf } from './read-manifests.ts';

/** What a kind may be called on the command line. */
const KINDS: Readonly<Record<string, string>> = {
  configmap: 'ConfigMap',
  cronjob: 'CronJob',
  daemonset: 'DaemonSet',
  deploy: 'Deployment',
  deployment: 'Deployment',
  endpointslices: 'EndpointSlice',
  job: 'Job',
  jobs: 'Job',
  podmonitor: 'PodMonitor',
  pods: 'Pod',
  prometheusrule: 'PrometheusRule',
  service: 'Service',
  servicemonitor: 'ServiceMonitor',
};

type Known = { readonly kind: string; readonly name: string; readonly namespace: string; readonly labels: Labels };

/** What is there once the manifests are applied: their objects, and what the cluster makes of them. */
function known(manifests: readonly Manifest[]): Known[] {
  return manifests.flatMap((manifest) => {
    const { kind, metadata } = manifest;
    const { name, namespace = '', labels = {} } = metadata;
    const made = podsOf([manifest]).map((pod) => ({ kind: 'Pod', name: '', namespace, labels: pod.labels }));
    const [job] = kind === 'CronJob' ? made : [];
    return [
      { kind, name, namespace, labels },
      ...made,
      ...(job === undefined ? [] : [{ ...job, kind: 'Job' }]),
      ...(kind === 'Service'
        ? [{ kind: 'EndpointSlice', name: '', namespace, labels: { 'kubernetes.io/service-name': name } }]
        : []),
    ];
  });
}

/** Options whose value is the next word. */
const WITH_VALUE = new Set(['-n', '-l', '-f', '-k', '-c']);

/** The words of a command: options with their values, and the others. What is run in a pod, or after a pipe, is not of it. */
function read(command: string) {
  const [ours = ''] = command.split(/ -- | \| /);
  const words = ours.split(/\s+/).slice(1);
  const isValue = (at: number): boolean => WITH_VALUE.has(words[at - 1] ?? '');
  const options = new Map(
    words.flatMap((word, at): [string, string][] => {
      if (isValue(at) || !word.startsWith('-')) return [];
      const [name = '', ...value] = word.split('=');
      return [[name, WITH_VALUE.has(word) ? (words[at + 1] ?? '') : value.join('=')]];
    }),
  );
  return { options, plain: words.filter((word, at) => !isValue(at) && !word.startsWith('-')) };
}

const labelsIn = (selector: string): Labels =>
  Object.fromEntries(
    selector.split(',').map((pair): [string, string] => {
      const [name = '', value = ''] = pair.split('=');
      return [name, value];
    }),
  );

/** What a command names that the manifests do not make. */
export function judgeKubectl(command: string, manifests: readonly Manifest[]): string[] {
  const { options, plain } = read(command);
  const [verb = '', first = '', second = ''] = plain;
  if (verb === 'apply') {
    const target = options.get('-f') ?? options.get('-k') ?? '';
    return existsSync(join(FOLDER, target)) ? [] : [`there is no ${target}`];
  }
  const namespace = options.get('-n');
  const here = known(manifests).filter((one) => one.namespace === namespace);
  if (here.length === 0) return [`nothing of ours is in the namespace ${namespace ?? 'of the context'}`];
  const selector = options.get('-l');
  if (selector !== undefined) return selected(here, verb === 'logs' ? 'pods' : first, selector);
  // What is made has a new name; what it is made from has to be there.
  const [kind = '', name = second] = (verb === 'create' ? (options.get('--from') ?? '') : first).split('/');
  if (verb === 'create' && kind === '') return [];
  return here.some((one) => one.kind === KINDS[kind] && one.name === name) ? [] : [`there is no ${kind} ${name}`];
}

function selected(here: readonly Known[], kinds: string, selector: string): string[] {
  const matchLabels = labelsIn(selector);
  const isThere = (kind: string): boolean =>
    here.some((one) => one.kind === KINDS[kind] && isSelected(one.labels, { matchLabels }));
  return kinds
    .split(',')
    .filter((kind) => !isThere(kind))
    .map((kind) => `-l ${selector} selects no ${kind}`);
}
