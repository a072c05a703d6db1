import { LOG_ACTIONS, LOG_FIELDS, type LogField } from '@phaselock/telemetry';
import { markdownTable } from '../markdown-table.ts';

const fieldTable = (fields: readonly (readonly [string, LogField])[]): string =>
  markdownTable(
    ['field', 'type', 'meaning'],
    fields.map(([name, { type, meaning }]) => [`\`${name}\``, type, meaning]),
  );

/** The text of docs/log-fields.md, generated from the catalogue of log fields. */
export function fieldsPage(): string {
  const fields = Object.entries<LogField>(LOG_FIELDS);
  const actions = Object.entries<{ readonly meaning: string; readonly outcome?: string }>(LOG_ACTIONS);
  return `${[
    '# Fields of the log lines',
    'Made from `packages/telemetry/src/log-fields.ts` and `log-actions.ts`. Log lines have no other fields: the compiler rejects them, and the index refuses them. See [logs](logs.md).',
    '## On every line',
    fieldTable(fields.filter(([, field]) => field.every === true)),
    '## On some lines',
    fieldTable(fields.filter(([, field]) => field.every !== true)),
    '## Actions',
    'On the line of a request, `event.action` is the operation of the [HTTP contract](http-api.md). The other actions:',
    markdownTable(
      ['`event.action`', '`event.outcome`', 'meaning'],
      actions.map(([action, { outcome, meaning }]) => [`\`${action}\``, outcome ?? '', meaning]),
    ),
  ].join('\n\n')}\n`;
}
