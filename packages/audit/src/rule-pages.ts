import { repairText } from './repair-text.ts';
import { FAMILIES, RULE_IDS, RULES, type RuleId } from './rules.ts';

/** Renders docs/rules/<id>.md from the texts that `explain` prints. */
export function rulePage(id: RuleId): string {
  const { name, family, severity, rule, cause, risk, cure } = RULES[id];
  return `# ${id} ${name}

${severity}, ${family}

> ${rule}

## Cause

${cause}

## Risk

${risk}

## What to do

${cure}

## Repair

${repairText(id)} See [Repairs](../verify-sessions.md#repairs).

[All rules](README.md)
`;
}

export function ruleIndex(): string {
  const families = Map.groupBy(RULE_IDS, (id) => RULES[id].family);
  const sections = [...families].map(([family, ids]) => {
    const rows = ids.map(
      (id) => `| [${id}](${id}.md) | ${RULES[id].name} | ${RULES[id].severity} | ${RULES[id].rule} |`,
    );
    return `## ${FAMILIES[family]}\n\n| rule | name | severity | requirement |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
  });
  return `# Rules of the audit\n\nThe rules that [verify-sessions](../verify-sessions.md) checks. Ids are stable and never reused. Generated from \`packages/audit/src/rules.ts\`.\n\n${sections.join('\n')}`;
}
