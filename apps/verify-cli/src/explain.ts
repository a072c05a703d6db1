import { FAMILIES, RULE_IDS, RULES, type RuleId, repairText } from '@phaselock/audit';
import { wrapped } from '@phaselock/core';

export function explain(rule: RuleId): string {
  const { name, severity, family, rule: holds, cause, risk, cure } = RULES[rule];
  const part = (head: string, text: string): string => `${head}\n${wrapped(text, '  ').join('\n')}\n`;
  return [
    `${rule} ${name} (${severity}, ${family})\n`,
    part('Rule', holds),
    part('Cause', cause),
    part('Risk', risk),
    part('Cure', cure),
    part('Repair', repairText(rule)),
  ].join('\n');
}

export function ruleList(): string {
  const families = Map.groupBy(RULE_IDS, (id) => RULES[id].family);
  return [...families]
    .map(([family, ids]) => {
      const lines = ids.map((id) => `  ${id}  ${RULES[id].severity.padEnd(8)} ${RULES[id].name}`);
      return `${FAMILIES[family]}\n${lines.join('\n')}\n`;
    })
    .join('\n');
}
