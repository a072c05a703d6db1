import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandsIn } from '../monitoring/contract/blocks-of-runbooks.ts';
import { judgeKubectl } from './judge-kubectl.ts';
import { FOLDER, manifestsOf, SHIPPER } from './read-manifests.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const manifests = [...manifestsOf(FOLDER), ...manifestsOf(SHIPPER)];

/** Commands in code blocks and within sentences. */
const commandsOf = (text: string): string[] => [
  ...[...text.matchAll(/^```sh[^\n]*\n([\s\S]*?)^```/gm)].flatMap(([, code = '']) => commandsIn(code)),
  ...[...text.matchAll(/`(kubectl [^`]+)`/g)].map(([, command = '']) => command.replaceAll(/\s+/g, ' ')),
];

const written = globSync('{ops,docs}/**/*.md', { cwd: ROOT }).flatMap((file) =>
  commandsOf(readFileSync(join(ROOT, file), 'utf8'))
    .filter((command) => command.startsWith('kubectl '))
    .map((command) => [file, command] as const),
);

test('the documents contain kubectl commands', () => expect(written.length).toBeGreaterThan(8));

test.each(written)('%s: %s names objects of the manifests', (_, command) => {
  expect(judgeKubectl(command, manifests)).toEqual([]);
});

describe('judgeKubectl reports a command that matches no object', () => {
  test.each([
    'kubectl get pods -n phaselock -l app.kubernetes.io/name=phaselock-api',
    'kubectl get pods -l app.kubernetes.io/component=api',
    'kubectl -n default get pods -l app.kubernetes.io/component=api',
    'kubectl -n phaselock get cronjob phaselock-audits',
    'kubectl -n phaselock logs deploy/phaselock',
    'kubectl -n phaselock get servicemonitor,endpointslices -l app.kubernetes.io/component=api',
    'kubectl -n phaselock create job now --from=cronjob/phaselock-migrate',
    'kubectl apply -f namespaces.yaml',
  ])('%s', (command) => expect(judgeKubectl(command, manifests)).toHaveLength(1));
});
