import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { indexProperties, LOG_PATTERN, type Mapping, REMOVED_FIELDS } from '@phaselock/monitoring';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

type Config = { readonly 'filebeat.inputs': readonly { readonly paths: string[]; readonly parsers: object[] }[] };

const ELK = resolve(import.meta.dirname, '../../../ops/elk');
const read = (file: string): string => readFileSync(resolve(ELK, file), 'utf8');

/** Whether the index has the field, or fields within it. */
function isIndexed(name: string): boolean {
  let place: Mapping | string | number | undefined = { properties: indexProperties() };
  for (const part of name.split('.')) {
    const properties: Mapping | string | number | undefined = typeof place === 'object' ? place.properties : undefined;
    place = typeof properties === 'object' ? properties[part] : undefined;
  }
  return place !== undefined;
}

/** The index pattern of the template. It also matches a stream name whose placeholders are not filled in. */
const LIKE_STREAM = new RegExp(`^${LOG_PATTERN.replaceAll('.', '\\.').replaceAll('*', '.+')}$`);
const streamOf = (index: string): string => index.replace(/%\{?[[$!]*event[\].!]*dataset\]?\}?%?/, 'phaselock.api');

describe('filebeat.yml', () => {
  const config: unknown = parse(read('filebeat.yml'));
  const text = read('filebeat.yml');

  test('reads files as JSON, with the options in the place where a filestream expects them', () => {
    expect(config).toMatchObject({
      'filebeat.inputs': [
        {
          type: 'filestream',
          id: expect.any(String),
          parsers: [{ ndjson: { target: '', expand_keys: true, overwrite_keys: true } }],
        },
      ],
      'setup.template.enabled': false,
      'setup.ilm.enabled': false,
    });
  });

  test('drops lines of other programs, and only fields that the pipeline removes as well', () => {
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

  test('names the stream by fields of the line, so that the template matches, and contains no secret', () => {
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

describe('filebeat.yml of the DaemonSet', () => {
  const KUBERNETES = resolve(ELK, '../kubernetes/filebeat/filebeat.yml');
  const { 'filebeat.inputs': inputs, ...rest }: Config = parse(readFileSync(KUBERNETES, 'utf8'));
  const { 'filebeat.inputs': plain, ...plainRest }: Config = parse(read('filebeat.yml'));

  test('differs only in its input, which also parses what the container runtime adds to a line', () => {
    expect(rest).toEqual(plainRest);
    const [container, ...parsers] = inputs[0]?.parsers ?? [];
    // The line is JSON only after its parts are joined and the time stamp of the runtime is removed.
    expect(container).toEqual({ container: { stream: 'stdout', format: 'auto' } });
    expect(parsers).toEqual(plain[0]?.parsers);
  });

  test('reads the logs of the namespace of the manifests', () => {
    expect(inputs[0]?.paths).toEqual([expect.stringContaining(':/var/log/containers/*_phaselock_*.log}')]);
    expect(inputs[0]).toMatchObject({ type: 'filestream', 'prospector.scanner.symlinks': true });
  });
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

  test('names only fields that the index has or that the pipeline removes as well', () => {
    expect(references.length).toBeGreaterThan(8);
    const known = (name: string): boolean => REMOVED_FIELDS.some((removed) => removed === name) || isIndexed(name);
    expect(references.filter((name) => !known(name))).toEqual([]);
  });

  test('drops lines of other programs', () => {
    expect(text).toMatch(/if \[event\]\[dataset\] !~ \/\^phaselock\\\.\/ \{\s*drop \{\}\s*\}/);
  });
});

describe('rsyslog.conf', () => {
  const text = read('rsyslog.conf');

  test('names the stream by fields of the line, so that the template matches', () => {
    const [, stream = ''] = /name="stream" type="string" string="([^"]+)"/.exec(text) ?? [];
    expect(streamOf(stream)).toMatch(LIKE_STREAM);
    const named = [...text.matchAll(/\$!((?!all-json)[a-z][\w.]*)/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((name) => !isIndexed(name))).toEqual([]);
  });
});
