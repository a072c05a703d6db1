import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { indexProperties, LOG_PATTERN, type Mapping, REMOVED_FIELDS } from '@phaselock/monitoring';
import { DaemonSet } from 'kubernetes-models/apps/v1/DaemonSet';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const ELK = resolve(import.meta.dirname, '../../../ops/elk');
const read = (file: string): string => readFileSync(resolve(ELK, file), 'utf8');

/** Whether an index has the field, or fields within it. */
function isIndexed(name: string): boolean {
  let place: Mapping | string | number | undefined = { properties: indexProperties() };
  for (const part of name.split('.')) {
    const properties: Mapping | string | number | undefined = typeof place === 'object' ? place.properties : undefined;
    place = typeof properties === 'object' ? properties[part] : undefined;
  }
  return place !== undefined;
}

/** The pattern of the template, for names whose changing parts are left as they are written. */
const LIKE_STREAM = new RegExp(`^${LOG_PATTERN.replaceAll('.', '\\.').replaceAll('*', '.+')}$`);
const streamOf = (index: string): string => index.replace(/%\{?[[$!]*event[\].!]*dataset\]?\}?%?/, 'phaselock.api');

describe('filebeat.yml', () => {
  const config: unknown = parse(read('filebeat.yml'));
  const text = read('filebeat.yml');

  test('reads files as JSON, with the options where a filestream has them', () => {
    expect(config).toMatchObject({
      'filebeat.inputs': [
        {
          type: 'filestream',
          id: expect.any(String),
          parsers: [{ ndjson: { target: '', expand_keys: true, overwrite_keys: true } }],
        },
        {
          type: 'filestream',
          id: 'phaselock-containers',
          'prospector.scanner.symlinks': true,
          parsers: [
            { container: { format: 'auto' } },
            { ndjson: { target: '', expand_keys: true, overwrite_keys: true } },
          ],
        },
      ],
      'setup.template.enabled': false,
      'setup.ilm.enabled': false,
    });
  });

  test('drops what is no line of ours, and only what the pipeline takes away as well', () => {
    expect(config).toMatchObject({
      processors: [
        { drop_event: { when: { not: { regexp: { 'event.dataset': '^phaselock\\.' } } } } },
        { drop_fields: { fields: expect.any(Array), ignore_missing: true } },
      ],
    });
    const [, dropped = ''] = /fields: \[([^\]]+)\]/.exec(text) ?? [];
    const fields = dropped.split(', ');
    expect(fields.length).toBeGreaterThan(3);
    expect(fields.filter((field) => !REMOVED_FIELDS.some((removed) => removed === field))).toEqual([]);
  });

  test('names the stream by fields of the line, in the pattern of the template, and no secret', () => {
    const [, index = ''] = /^ {2}index: "(.+)"$/m.exec(text) ?? [];
    expect(streamOf(index)).toMatch(LIKE_STREAM);
    const named = [...index.matchAll(/%\{\[([\w.]+)\]\}/g)].map(([, name = '']) => name);
    expect(named).toEqual(['event.dataset', 'service.environment']);
    expect(named.filter((name) => !isIndexed(name))).toEqual([]);
    expect(config).toMatchObject({
      'output.elasticsearch': {
        // biome-ignore lint/suspicious/noTemplateCurlyInString: Filebeat's own placeholder
        api_key: '${PHASELOCK_ELK_API_KEY}',
        'non_indexable_policy.dead_letter_index': { index: expect.not.stringMatching(LIKE_STREAM) },
      },
    });
  });
});

describe('filebeat-daemonset.yaml', () => {
  const manifest = parse(read('filebeat-daemonset.yaml'));

  test('is a DaemonSet as Kubernetes has it', () => {
    expect(() => new DaemonSet(manifest).validate()).not.toThrow();
  });

  test('turns on the input of filebeat.yml for the containers of the namespace of the product', () => {
    const [, input = ''] = read('filebeat.yml').split('id: phaselock-containers\n');
    const [, setting] = /enabled: \$\{(\w+):false\}/.exec(input) ?? [];
    const [container] = manifest.spec.template.spec.containers;
    expect(container.env).toEqual([{ name: setting, value: 'true' }]);
    const { metadata } = parse(readFileSync(resolve(ELK, '../kubernetes/namespace.yaml'), 'utf8'));
    expect(input).toContain(`/var/log/containers/*_${metadata.name}_*.log`);
    expect(container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath)).toContain('/var/log');
  });
});

test.each(['../kubernetes/config.yaml', '../compose/compose.yaml'])('%s names the environment of the lines', (file) => {
  expect(read(file)).toMatch(/^ +PHASELOCK_ENVIRONMENT: \S+$/m);
});

describe('logstash.conf', () => {
  const text = read('logstash.conf').replaceAll(/^\s*#.*$/gm, '');
  const references = [...text.matchAll(/(?:\[[\w@]+\])+/g)].map(([reference]) =>
    reference.slice(1, -1).replaceAll('][', '.'),
  );

  test('has an input, a filter and an output, and its brackets are closed', () => {
    expect([...text.matchAll(/^(\w+) \{$/gm)].map(([, section]) => section)).toEqual(['input', 'filter', 'output']);
    const open: string[] = [];
    for (const [sign] of text.replaceAll(/"[^"]*"|\/\^.*\//g, '').matchAll(/[{}[\]]/g)) {
      if (sign === '{' || sign === '[') open.push(sign);
      else expect(open.pop()).toBe(sign === '}' ? '{' : '[');
    }
    expect(open).toEqual([]);
  });

  test('names fields that the index has, or that the pipeline takes away as well', () => {
    expect(references.length).toBeGreaterThan(8);
    const known = (name: string): boolean => REMOVED_FIELDS.some((removed) => removed === name) || isIndexed(name);
    expect(references.filter((name) => !known(name))).toEqual([]);
  });

  test('takes only lines of ours', () => {
    expect(text).toMatch(/if \[event\]\[dataset\] !~ \/\^phaselock\\\.\/ \{\s*drop \{\}\s*\}/);
  });
});

describe('rsyslog.conf', () => {
  const text = read('rsyslog.conf');

  test('names the stream by fields of the line, in the pattern of the template', () => {
    const [, stream = ''] = /name="stream" type="string" string="([^"]+)"/.exec(text) ?? [];
    expect(streamOf(stream)).toMatch(LIKE_STREAM);
    const named = [...text.matchAll(/\$!((?!all-json)[a-z][\w.]*)/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((name) => !isIndexed(name))).toEqual([]);
  });
});
