import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FOLDER, isSelected, type Labels, type Manifest, podsOf } from './read-manifests.ts';

/** The names that a kind may have on the command line. */
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

/** The objects in the cluster once the manifests are applied, including the pods and jobs that it creates from them. */
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

/** Options whose value is the next argument. */
const WITH_VALUE = new Set(['-n', '-l', '-f', '-k', '-c']);

/** The options of a kubectl command and its other arguments, without a command that runs in a pod or after a pipe. */
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

/** Names in a kubectl command that the manifests do not create. */
export function judgeKubectl(command: string, manifests: readonly Manifest[]): string[] {
  const { options, plain } = read(command);
  const [verb = '', first = '', second = ''] = plain;
  if (verb === 'apply') {
    const target = options.get('-f') ?? options.get('-k') ?? '';
    return existsSync(join(FOLDER, target)) ? [] : [`there is no ${target}`];
  }
  const namespace = options.get('-n');
  const here = known(manifests).filter((one) => one.namespace === namespace);
  if (here.length === 0) return [`the manifests have nothing in the namespace ${namespace ?? 'of the context'}`];
  const selector = options.get('-l');
  if (selector !== undefined) return selected(here, verb === 'logs' ? 'pods' : first, selector);
  // `create` gives the object a new name, so only the object in `--from` must exist.
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
