import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { allBlocks, commandsIn, isUnderstood } from './blocks-of-runbooks.ts';
import { filesOf, queriesOf, ROOT } from './find-queries.ts';

const HEADINGS = [
  'Meaning',
  'Impact',
  'First three commands',
  'Queries',
  'Causes',
  'Kill the rollout?',
  'Resolved when',
] as const;

/** Pages that do not belong to an alert. */
const NO_ALERT: Readonly<Record<string, string>> = {
  'README.md': 'the list of all pages, and how to use them',
  'kill-switch.md': 'the procedure that the pages of many alerts refer to',
  'error-budgets.md': 'the common part of the pages of the four error budgets',
};

const alerts = queriesOf('rules').flatMap(({ alerts: name, adds = {}, ...rule }) =>
  name === undefined ? [] : [{ name, severity: adds.severity ?? '', ...rule }],
);
const names = [...new Set(alerts.map(({ name }) => name))];

/** The page of an alert: PhaselockApiDown has api-down.md. */
const pageOf = (alert: string): string =>
  `${alert
    .replace(/^Phaselock/, '')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-')
    .toLowerCase()}.md`;

const pages = filesOf('runbooks').map((file) => basename(file));
const textOf = (page: string): string => readFileSync(join(ROOT, 'ops/runbooks', page), 'utf8');
const partOf = (page: string, heading: string): string => {
  const [, after = ''] = textOf(page).split(`\n## ${heading}\n`);
  return after.split(/\n## /)[0] ?? '';
};

test('the rules contain alerts', () => expect(names.length).toBeGreaterThan(30));

test('every alert has a page, and every page an alert', () => {
  expect(pages.filter((page) => !(page in NO_ALERT))).toEqual(names.map(pageOf).toSorted());
  expect(pages).toEqual(expect.arrayContaining(Object.keys(NO_ALERT)));
});

test('every runbook_url ends with the page of its alert', () => {
  const text = readFileSync(join(ROOT, 'ops/prometheus/phaselock.alerts.yml'), 'utf8');
  const told = [...text.matchAll(/alert: (\w+)[\s\S]*?runbook_url: (\S+)/g)];
  expect(told.length).toBe(alerts.length);
  expect(told.filter(([, name = '', url = '']) => !url.endsWith(`/ops/runbooks/${pageOf(name)}`))).toEqual([]);
});

test.each(names.filter((name) => existsSync(join(ROOT, 'ops/runbooks', pageOf(name)))))(
  '%s: its page has the common headings and length',
  (name) => {
    const page = pageOf(name);
    const text = textOf(page);
    const lines = text.split('\n').length - 1;
    expect(text.split('\n')[0]).toBe(`# ${name}`);
    expect([...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual([...HEADINGS]);
    expect(lines, 'lines').toBeGreaterThanOrEqual(40);
    expect(lines, 'lines').toBeLessThanOrEqual(80);
    // The page states the severities of the alert.
    const severities = [...new Set(alerts.filter((alert) => alert.name === name).map(({ severity }) => severity))];
    expect(text.split('\n')[2]).toBe(`Severity: ${severities.join(' and ')}.`);
    expect(text).toContain('(kill-switch.md)');
    for (const heading of HEADINGS) expect(partOf(page, heading).trim(), heading).not.toBe('');
  },
);

test.each(names.filter((name) => existsSync(join(ROOT, 'ops/runbooks', pageOf(name)))))(
  '%s: its page has three first commands',
  (name) => {
    const [, code = ''] = /```sh[^\n]*\n([\s\S]*?)```/.exec(partOf(pageOf(name), 'First three commands')) ?? [];
    expect(commandsIn(code).length).toBe(3);
  },
);

test('the README of the runbooks links to every page', () => {
  const index = textOf('README.md');
  expect(pages.filter((page) => page !== 'README.md' && !index.includes(`](${page})`))).toEqual([]);
});

test('the note of every block is one of the allowed notes', () => {
  const odd = allBlocks().filter(({ block }) => !isUnderstood(block));
  expect(odd.map(({ file, line, block }) => `${file}:${line}: ${block.language} ${block.note}`)).toEqual([]);
});
