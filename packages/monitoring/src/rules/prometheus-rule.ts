import { parse, stringify } from 'yaml';
import { MADE_FROM, type RuleGroup } from './rule-file.ts';

/** The groups of rule files as one PrometheusRule object, because the Prometheus operator reads no files. */
export function prometheusRule(files: readonly string[]): string {
  const groups = files.flatMap((file) => {
    const read: { readonly groups: readonly RuleGroup[] } = parse(file);
    return read.groups;
  });
  const object = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'phaselock', namespace: 'phaselock', labels: { 'app.kubernetes.io/name': 'phaselock' } },
    spec: { groups },
  };
  return `# ${MADE_FROM}\n${stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}
