import { LOG_ACTIONS, LOG_FIELDS, type LogField } from '@phaselock/telemetry';
import { markdownTable } from '../markdown-table.ts';

const fieldTable = (fields: readonly (readonly [string, LogField])[]): string =>
  markdownTable(
    ['field', 'type', 'meaning'],
    fields.map(([name, { type, meaning }]) => [`\`${name}\``, type, meaning]),
  );

/** docs/log-fields.md, so that it names what lines have. */
export function fieldsPage(): string {
  const fields = Object.entries<LogField>(LOG_FIELDS);
  const actions = Object.entries<{ readonly meaning: string; readonly outcome?: string }>(LOG_ACTIONS);
  return `${[
    '# Fields of the log lines',
    'Made from `packages/telemetry/src/log-fields.ts` and `log-actions.ts`. No line has another field: it would not compile, and the index would refuse it. See [logs](logs.md).',
    '## On every line',
    fieldTable(fields.filter(([, field]) => field.every === true)),
    '## Where they apply',
    fieldTable(fields.filter(([, field]) => field.every !== true)),
    '## Actions',
    'Of the line of a request, `event.action` is the operation of the [HTTP contract](http-api.md). All others:',
    markdownTable(
      ['`event.action`', '`event.outcome`', 'meaning'],
      actions.map(([action, { outcome, meaning }]) => [`\`${action}\``, outcome ?? '', meaning]),
    ),
  ].join('\n\n')}\n`;
}
