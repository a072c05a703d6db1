import { finding } from '@phaselock/audit';
import { expect, test } from 'vitest';
import { aClosing, anOpening } from '../../test/a-report.ts';
import { flawsOfJunit } from '../../test/junit-schema.ts';
import { junit } from './junit.ts';

const about = (id: string, message: string) => ({ kind: 'session', id, message }) as const;
const error = finding('SV402', {}, about('s-1', 'it names a conversation'));
const info = finding('SV302', {}, about('s-2', 'it was never used'));

/** The test case of a rule, without the space between its elements. */
const caseOf = (xml: string, rule: string): string | undefined =>
  new RegExp(`<testcase [^>]*name="${rule} [^>]*?(?:/>|>.*?</testcase>)`, 's')
    .exec(xml)?.[0]
    .replaceAll(/>\s+</g, '><');

const ran = { ran: ['SV302', 'SV402'], skipped: ['SV504'], cutOff: ['SV201'] } as const;

test('follows the schema of Jenkins, whichever outcomes the rules have', () => {
  const incomplete = [{ rules: ['SV501', 'SV502'] as const, why: 'the time limit "10 s" was reached' }];
  const summary = { ...ran, incomplete };
  const notApplicable = [{ rule: 'SV504', why: 'only with --deep' }] as const;
  const xml = junit({
    opening: anOpening,
    findings: [error, info],
    closing: aClosing({ summary, notApplicable, tookMs: 1_234_567 }),
  });
  expect(flawsOfJunit(xml)).toEqual([]);
  expect(xml).toContain('<testsuite name="everything" tests="6" failures="1" errors="3" skipped="1" time="1234.567">');
  expect(xml).toContain('<property name="version" value="1.2.3"/>');
  expect(caseOf(xml, 'SV504')).toContain('<skipped message="only with --deep"/>');
  expect(caseOf(xml, 'SV201')).toContain('<error type="not-run" message="cut off by --max-findings">');
  expect(caseOf(xml, 'SV502')).toContain('message="the time limit &quot;10 s&quot; was reached"');
});

test('an info is told without failing its rule, except if the audit fails on infos', () => {
  const told = (failOn: 'error' | 'info') =>
    junit({ opening: anOpening, findings: [info], closing: aClosing({ summary: ran, failOn }) });
  expect(caseOf(told('error'), 'SV302')).toContain(
    '><system-out>session s-2: it was never used</system-out></testcase>',
  );
  expect(told('error')).toContain('failures="0"');
  expect(caseOf(told('info'), 'SV302')).toContain('<failure type="SV302" message="1: it was never used">');
  expect(flawsOfJunit(told('error')).concat(flawsOfJunit(told('info')))).toEqual([]);
});

test('infos that --max-findings left out are counted in the case of their rule, and fail it as listed ones do', () => {
  const summary = { ...ran, moreInfos: 5, infosLeftOut: [{ rule: 'SV302', count: 5 }] } as const;
  const told = (failOn: 'error' | 'info', findings = [info]) =>
    junit({ opening: anOpening, findings, closing: aClosing({ summary, failOn }) });
  const unlisted = '5 infos not listed because of --max-findings';
  expect(caseOf(told('error'), 'SV302')).toContain(`it was never used\n${unlisted}</system-out>`);
  expect(told('error')).toContain('failures="0"');
  expect(caseOf(told('info'), 'SV302')).toContain('<failure type="SV302" message="6: it was never used">');
  expect(caseOf(told('info', []), 'SV302')).toContain(`<failure type="SV302" message="5: ${unlisted}">`);
  expect(told('info', [])).toContain('failures="1"');
  expect(flawsOfJunit(told('info', []))).toEqual([]);
});

test('an entry of the baseline that is out of date is a failure', () => {
  const stale = finding('SV902', {}, { kind: 'object', id: 'SV402 session s-9', message: 'it no longer occurs' });
  const xml = junit({ opening: anOpening, findings: [stale], closing: aClosing({ summary: ran }) });
  expect(caseOf(xml, 'SV902')).toContain('<failure type="SV902" message="1: it no longer occurs">');
  expect(flawsOfJunit(xml)).toEqual([]);
});

test('no text can end an element, and no character in it can act on a terminal', () => {
  const hostile = finding(
    'SV402',
    {},
    about('"/></failure>', '<b>&\u0000\u001b[31m\u009b31m\u202egnp\r\n\ttab Zoë 鍵'),
  );
  const xml = junit({ opening: anOpening, findings: [hostile], closing: aClosing({ summary: ran }) });
  expect(flawsOfJunit(xml)).toEqual([]);
  expect(xml).toContain('&lt;b&gt;&amp;\ufffd\ufffd[31m&#155;31m&#8238;gnp&#13;&#10;&#9;tab Zoë 鍵"');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for control characters
  expect(xml).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
});

test('the schema check finds what Jenkins refuses', () => {
  const [head, body] = [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    '<testsuite name="a" tests="1" failures="0" errors="0"/>',
  ];
  const flaws = (inner: string, attributes = '') =>
    flawsOfJunit(`${head}<testsuites${attributes}>${inner}</testsuites>`);
  expect(flaws(body)).toEqual([]);
  expect(flaws(body, ' skipped="1"')).toEqual(['testsuites may not have skipped']);
  expect(flaws(body, ' time="1 s"')).toEqual(['testsuites has the time 1 s']);
  expect(flaws('<testsuite name="a" tests="1" errors="0"/>')).toEqual(['testsuite lacks failures']);
  expect(flaws('<testcase name="a"/>')).toEqual(['testsuites may not contain testcase']);
  expect(flaws('a')).toEqual(['text in testsuites: a']);
  expect(flaws('<testsuite>')).not.toEqual([]);
  expect(flaws('a & b')).not.toEqual([]);
});
