import { type Finding, fingerprintOf, RULE_IDS, RULES } from '@phaselock/audit';
import { many } from '../count-words.ts';
import type { Collected } from './collected.ts';
import { jsonText } from './json-text.ts';

const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const;

/** SARIF 2.1.0. Findings are not in files, so they have logical locations. */
export const sarif = ({ opening, findings, closing }: Collected): string =>
  `${jsonText(
    {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              name: 'verify-sessions',
              version: opening.release,
              rules: RULE_IDS.map((id) => ({
                id,
                name: RULES[id].name,
                shortDescription: { text: RULES[id].rule },
                fullDescription: { text: `${RULES[id].cause} ${RULES[id].risk}` },
                help: { text: RULES[id].cure },
                defaultConfiguration: { level: LEVELS[RULES[id].severity] },
              })),
            },
          },
          properties: { source: opening.source, asked: opening.asked, read: closing.read ?? null },
          invocations: [
            {
              executionSuccessful: closing.summary.incomplete.length === 0 && !closing.summary.truncated,
              exitCode: closing.exitCode,
              toolExecutionNotifications: notificationsOf(closing),
            },
          ],
          results: findings.map(resultOf),
        },
      ],
    },
    2,
  )}\n`;

const notificationsOf = ({ summary, notes }: Collected['closing']) => [
  ...summary.incomplete.map(({ rules, why }) => ({
    level: 'error',
    message: { text: `${rules.join(', ')}: ${why}` },
  })),
  ...(summary.truncated
    ? [{ level: 'warning', message: { text: `cut off by --max-findings: ${summary.cutOff.join(', ')}` } }]
    : []),
  ...summary.infosLeftOut.map(({ rule, count }) => ({
    level: 'note',
    message: { text: `${many(count, 'info')} of ${rule} not listed because of --max-findings` },
  })),
  ...notes.map((text) => ({ level: 'note', message: { text } })),
];

const resultOf = (finding: Finding) => ({
  ruleId: finding.rule,
  ruleIndex: RULE_IDS.indexOf(finding.rule),
  level: LEVELS[finding.severity],
  message: { text: finding.message },
  partialFingerprints: { subject: fingerprintOf(finding) },
  ...((finding.repair ?? finding.repairNote) !== null && {
    properties: { repair: finding.repair, repairNote: finding.repairNote },
  }),
  locations: [
    {
      logicalLocations: [
        {
          name: finding.subject.id,
          kind: finding.subject.kind,
          fullyQualifiedName: [finding.taskId, finding.sessionId, finding.subject.id]
            .filter((part) => part !== null)
            .join('/'),
        },
      ],
    },
  ],
});
