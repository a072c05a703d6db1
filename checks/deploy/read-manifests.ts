import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

export const FOLDER = resolve(import.meta.dirname, '../../ops/kubernetes');
/** The log shipper. It is applied separately, because it needs rights that the service does not have. */
export const SHIPPER = join(FOLDER, 'filebeat');

export type Labels = Readonly<Record<string, string>>;
export type Selector = { readonly matchLabels?: Labels };

type Probe = { readonly httpGet: { readonly path: string; readonly port: string } };

type Container = {
  readonly name: string;
  readonly command?: readonly string[];
  readonly ports?: readonly { readonly name: string }[];
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly envFrom?: readonly object[];
  readonly resources: { readonly limits: Labels };
  readonly securityContext: object;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
};

export type PodSpec = {
  readonly containers: readonly Container[];
  readonly restartPolicy?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext: object;
  readonly automountServiceAccountToken: boolean;
};

type Template = { readonly metadata: { readonly labels?: Labels }; readonly spec: PodSpec };

export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Labels };
  readonly spec?: {
    readonly template?: Template;
    readonly jobTemplate?: { readonly spec: { readonly template: Template } };
    readonly replicas?: number;
    readonly schedule?: string;
    readonly podSelector?: Selector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly Ingress[];
  };
  readonly data?: Labels;
};

export type Ingress = {
  readonly from: readonly { readonly namespaceSelector: { readonly matchLabels: Labels } }[];
  readonly ports: readonly { readonly port: string }[];
};

/** The files of a kustomization, in its order. */
export const resourcesOf = (folder: string): readonly string[] => {
  const { resources }: { readonly resources: readonly string[] } = parse(
    readFileSync(join(folder, 'kustomization.yaml'), 'utf8'),
  );
  return resources;
};

/** The objects that `kubectl apply -k` of the folder creates. */
export const manifestsOf = (folder: string): Manifest[] =>
  resourcesOf(folder).flatMap((file) =>
    parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document): Manifest => document.toJS()),
  );

export type Pod = { readonly owner: string; readonly labels: Labels; readonly spec: PodSpec };

/** The pods that the workloads create, at once or on a schedule. */
export const podsOf = (manifests: readonly Manifest[]): Pod[] =>
  manifests.flatMap(({ kind, metadata, spec }) => {
    const template = spec?.template ?? spec?.jobTemplate?.spec.template;
    if (template === undefined) return [];
    return [{ owner: `${kind} ${metadata.name}`, labels: template.metadata.labels ?? {}, spec: template.spec }];
  });

export const isSelected = (labels: Labels, { matchLabels = {} }: Selector): boolean =>
  Object.entries(matchLabels).every(([name, value]) => labels[name] === value);
