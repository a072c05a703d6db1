import type { Settings } from './read-settings.ts';

/** The settings as Markdown, a table for each group, so that no page can say anything else than the code. */
export function settingsTables(settings: Settings, level = '##'): string {
  const groups = Map.groupBy(Object.values(settings), ({ group }) => group);
  const sections = [...groups].map(([group, some]) => {
    const rows = some.map(
      ({ variable, fallback, form, meaning }) =>
        `| \`${variable}\` | ${fallback === undefined ? 'absent' : `\`${fallback}\``} | ${meaning} | ${form} |`,
    );
    const head = ['| variable | unless set | meaning | form |', '| --- | --- | --- | --- |'];
    return [`${level} ${group}`, '', ...head, ...rows].join('\n');
  });
  return sections.join('\n\n');
}
