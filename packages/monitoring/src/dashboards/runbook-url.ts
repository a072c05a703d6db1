const RUNBOOKS = 'https://github.com/phaselock/phaselock/blob/main/ops/runbooks/';

/** `PhaselockApiDown` is explained by `api-down.md`. */
export const runbookUrl = (alert: string, base = RUNBOOKS): string =>
  `${base}${alert
    .replace(/^Phaselock/, '')
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-')
    .toLowerCase()}.md`;
