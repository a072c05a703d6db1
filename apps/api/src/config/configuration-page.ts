import { SETTINGS } from './settings.ts';

/** docs/configuration.md, so that it cannot say anything else than the code. */
export function configurationPage(): string {
  const groups = Map.groupBy(Object.values(SETTINGS), ({ group }) => group);
  const sections = [...groups].map(([group, settings]) => {
    const rows = settings.map(
      ({ variable, fallback, form, meaning }) =>
        `| \`${variable}\` | ${fallback === undefined ? 'absent' : `\`${fallback}\``} | ${meaning} | ${form} |`,
    );
    return [`## ${group}`, '', '| variable | unless set | meaning | form |', '| --- | --- | --- | --- |', ...rows].join(
      '\n',
    );
  });
  return `${[
    '# Configuration of the API',
    'By environment variables. They are checked at start: every mistake is listed at once, and nothing starts. A variable that begins with `PHASELOCK_` and is not known is warned about. Made from `apps/api/src/config/settings.ts`.',
    ...sections,
  ].join('\n\n')}\n`;
}
