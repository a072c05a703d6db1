import { FAMILIES, RULE_IDS, RULES, type RuleId } from './rules.ts';

/** docs/rules/<id>.md, made of what the tool itself explains. */
export function rulePage(id: RuleId): string {
  const { name, family, severity, rule, cause, risk, cure } = RULES[id];
  return `# ${id} ${name}

${severity}, ${family}

> ${rule}

## How it comes

${cause}

## Risk

${risk}

## What to do

${cure}

[All rules](README.md)
`;
}

export function ruleIndex(): string {
  const families = Map.groupBy(RULE_IDS, (id) => RULES[id].family);
  const sections = [...families].map(([family, ids]) => {
    const rows = ids.map(
      (id) => `| [${id}](${id}.md) | ${RULES[id].name} | ${RULES[id].severity} | ${RULES[id].rule} |`,
    );
    return `## ${FAMILIES[family]}\n\n| rule | name | severity | what holds |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
  });
  return `# Rules of the audit\n\nWhat [verify-sessions](../verify-sessions.md) asks of a history. Ids are stable, and none is used again. Made from \`packages/audit/src/rules.ts\`.\n\n${sections.join('\n')}`;
}
