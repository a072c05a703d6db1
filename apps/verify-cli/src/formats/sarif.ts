import { type Finding, fingerprintOf, RULE_IDS, RULES } from '@phaselock/audit';
import type { Collected } from './collected.ts';

const LEVELS = { error: 'error', warning: 'warning', info: 'note' } as const;

/** SARIF 2.1.0. Findings are not in files, so they have logical locations. */
export const sarif = ({ opening, findings, closing }: Collected): string =>
  `${JSON.stringify(
    {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              name: 'verify-sessions',
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
          properties: { source: opening.source, asked: opening.asked },
          invocations: [
            {
              executionSuccessful: closing.summary.incomplete.length === 0,
              exitCode: closing.exitCode,
              toolExecutionNotifications: closing.summary.incomplete.map(({ rules, why }) => ({
                level: 'error',
                message: { text: `${rules.join(', ')}: ${why}` },
              })),
            },
          ],
          results: findings.map(resultOf),
        },
      ],
    },
    null,
    2,
  )}\n`;

const resultOf = (finding: Finding) => ({
  ruleId: finding.rule,
  ruleIndex: RULE_IDS.indexOf(finding.rule),
  level: LEVELS[finding.severity],
  message: { text: finding.message },
  partialFingerprints: { subject: fingerprintOf(finding) },
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
