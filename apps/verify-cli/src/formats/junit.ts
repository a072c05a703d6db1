import { type Finding, RULES, type RuleId } from '@phaselock/audit';
import type { Collected } from './collected.ts';

/** JUnit XML with one test case per rule, which CI systems can display. */
export function junit({ opening, findings, closing }: Collected): string {
  const byRule = Map.groupBy(findings, ({ rule }) => rule);
  const { ran, incomplete, skipped } = closing.summary;
  const errors = incomplete.flatMap(({ rules, why }) => rules.map((rule): [RuleId, string] => [rule, why]));
  const cases = [
    ...ran.map((rule) => testCase(rule, failures(byRule.get(rule) ?? []))),
    ...errors.map(([rule, why]) => testCase(rule, `      <error message="${attribute(why)}"/>\n`)),
    ...skipped.map((rule) => testCase(rule, '      <skipped/>\n')),
  ];
  const failed = ran.filter((rule) => byRule.has(rule)).length;
  const counts = `tests="${cases.length}" failures="${failed}" errors="${errors.length}" skipped="${skipped.length}" time="${(closing.tookMs / 1_000).toFixed(3)}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="verify-sessions" ${counts}>
  <testsuite name="${attribute(opening.asked)}" ${counts}>
${cases.join('')}  </testsuite>
</testsuites>
`;
}

const testCase = (rule: RuleId, inner: string): string =>
  `    <testcase classname="verify-sessions" name="${rule} ${RULES[rule].name}"${inner === '' ? '/>\n' : `>\n${inner}    </testcase>\n`}`;

function failures(findings: readonly Finding[]): string {
  const [first] = findings;
  if (first === undefined) return '';
  const lines = findings.map(({ subject, message }) => `${subject.kind} ${subject.id}: ${message}`);
  return `      <failure type="${first.rule}" message="${attribute(`${findings.length}: ${first.message}`)}">${content(lines.join('\n'))}</failure>\n`;
}

/** XML cannot represent most control characters, even as character references. */
const UNSAYABLE = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const sayable = (text: string): string => text.toWellFormed().replaceAll(UNSAYABLE, '\ufffd');
const content = (text: string): string =>
  sayable(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const attribute = (text: string): string =>
  content(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
