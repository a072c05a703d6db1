import { markdownTable } from '../markdown-table.ts';
import type { ListedAlert } from './alert-rules.ts';

/** The Markdown table of all alerts. Alerts of one name, which differ only in their windows, share a row. */
export function alertsTable(alerts: readonly ListedAlert[]): string {
  const names = [...new Set(alerts.map(({ name }) => name))];
  const rows = names.flatMap((name) => {
    const rules = alerts.filter((alert) => alert.name === name);
    const [first] = rules;
    if (first === undefined) return [];
    const severities = rules.map(({ severity, windows }) =>
      windows === null ? severity : `${severity} ${windows.long} & ${windows.short}`,
    );
    const summary = first.summary
      .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, '`$1`')
      .replace(/ above [\d.]+$/, ' too high');
    return [[`[\`${name}\`](../ops/runbooks/${first.runbook})`, severities.join(', '), summary]];
  });
  return markdownTable(['alert', 'severity', 'meaning'], rows);
}
