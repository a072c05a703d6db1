import { type Finding, RULES, type RuleId } from '@phaselock/audit';
import { visibleText } from '@phaselock/core';
import { many } from '../count-words.ts';
import { partsRead } from '../what-was-read.ts';
import type { Collected } from './collected.ts';

/** What became of a rule. Only a rule that ran to its end can pass or fail. */
type Outcome =
  | { readonly kind: 'ran' }
  | { readonly kind: 'not-run'; readonly why: string }
  | { readonly kind: 'skipped'; readonly why: string };

/** Infos do not fail a test case, except if they fail the audit. */
type IsFailure = (severity: Finding['severity']) => boolean;

type Case = {
  readonly rule: RuleId;
  readonly outcome: Outcome;
  readonly findings: readonly Finding[];
  /** The number of its infos that `--max-findings` left out. */
  readonly leftOut: number;
};

/** JUnit XML with one test case per rule, as the schema junit-10.xsd of Jenkins describes it. */
export function junit({ opening, findings, closing }: Collected): string {
  const cases = casesOf(findings, closing);
  const isFailure: IsFailure = (severity) => severity !== 'info' || closing.failOn === 'info';
  const failed = cases.filter((one) => one.outcome.kind === 'ran' && failuresOf(one, isFailure) > 0).length;
  const of = (kind: Outcome['kind']): number => cases.filter(({ outcome }) => outcome.kind === kind).length;
  const counts = `tests="${cases.length}" failures="${failed}" errors="${of('not-run')}"`;
  const time = `time="${(closing.tookMs / 1_000).toFixed(3)}"`;
  const read = closing.read === undefined ? 'unknown' : partsRead(closing.read).join(', ');
  const properties = Object.entries({ version: opening.release, source: opening.source, read });
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="verify-sessions" ${counts} ${time}>
  <testsuite name="${attribute(opening.asked)}" ${counts} skipped="${of('skipped')}" ${time}>
    <properties>
${properties.map(([name, value]) => `      <property name="${name}" value="${attribute(value)}"/>\n`).join('')}    </properties>
${cases.map((one) => testCase(one, isFailure)).join('')}  </testsuite>
</testsuites>
`;
}

function casesOf(findings: readonly Finding[], { summary, notApplicable }: Collected['closing']): Case[] {
  const { ran, cutOff, incomplete, skipped, infosLeftOut } = summary;
  const reasons = new Map(notApplicable.map(({ rule, why }) => [rule, why]));
  const outcomes = new Map<RuleId, Outcome>([
    ...ran.map((rule): [RuleId, Outcome] => [rule, { kind: 'ran' }]),
    ...cutOff.map((rule): [RuleId, Outcome] => [rule, { kind: 'not-run', why: 'cut off by --max-findings' }]),
    ...skipped.map((rule): [RuleId, Outcome] => [rule, { kind: 'skipped', why: reasons.get(rule) ?? 'not requested' }]),
    ...incomplete.flatMap(({ rules, why }) => rules.map((rule): [RuleId, Outcome] => [rule, { kind: 'not-run', why }])),
  ]);
  const byRule = Map.groupBy(findings, ({ rule }) => rule);
  // A rule on the audit itself has no step. The rules that SV901 names are errors already.
  for (const rule of byRule.keys()) if (!outcomes.has(rule) && rule !== 'SV901') outcomes.set(rule, { kind: 'ran' });
  const leftOut = new Map(infosLeftOut.map(({ rule, count }) => [rule, count]));
  return [...outcomes].map(([rule, outcome]) => ({
    rule,
    outcome,
    findings: byRule.get(rule) ?? [],
    leftOut: leftOut.get(rule) ?? 0,
  }));
}

/** Infos that are not listed fail a test case as those that are. */
const failuresOf = ({ findings, leftOut }: Case, isFailure: IsFailure): number =>
  findings.filter(({ severity }) => isFailure(severity)).length + (isFailure('info') ? leftOut : 0);

function testCase(one: Case, isFailure: IsFailure): string {
  const { rule } = one;
  const inner = innerOf(one, isFailure);
  const head = `    <testcase classname="verify-sessions" name="${rule} ${RULES[rule].name}"`;
  return inner === '' ? `${head}/>\n` : `${head}>\n      ${inner}\n    </testcase>\n`;
}

const linesOf = ({ subject, message, repair, repairNote }: Finding): string =>
  [
    `${subject.kind} ${subject.id}: ${message}`,
    ...(repair === null ? [] : [`repair: ${repair}`]),
    ...(repairNote === null ? [] : [repairNote]),
  ].join('\n');

function innerOf(one: Case, isFailure: IsFailure): string {
  const { rule, outcome, findings, leftOut } = one;
  const unlisted = leftOut > 0 ? [`${many(leftOut, 'info')} not listed because of --max-findings`] : [];
  const told = content([...findings.map(linesOf), ...unlisted].join('\n'));
  switch (outcome.kind) {
    case 'skipped':
      return `<skipped message="${attribute(outcome.why)}"/>`;
    case 'not-run':
      return `<error type="not-run" message="${attribute(outcome.why)}">${told}</error>`;
    case 'ran': {
      const failures = failuresOf(one, isFailure);
      const first = findings.find(({ severity }) => isFailure(severity))?.message ?? unlisted.join('');
      if (failures > 0)
        return `<failure type="${rule}" message="${attribute(`${failures}: ${first}`)}">${told}</failure>`;
      return told === '' ? '' : `<system-out>${told}</system-out>`;
    }
  }
}

/** XML cannot represent most control characters, even as character references. */
const UNSAYABLE = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const sayable = (text: string): string => text.toWellFormed().replaceAll(UNSAYABLE, '\ufffd');

/** Writes the characters that could act on a terminal as character references. */
const ACTING = /[\t\r\u007f-\u{10ffff}]/gu;
const inert = (text: string): string =>
  text.replaceAll(ACTING, (character) =>
    visibleText(character) === character ? character : `&#${character.codePointAt(0) ?? 0};`,
  );

const content = (text: string): string =>
  inert(sayable(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'));
const attribute = (text: string): string => content(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;');
