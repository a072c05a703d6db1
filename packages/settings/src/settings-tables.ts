import type { Settings } from './read-settings.ts';

/** Renders the settings as Markdown, one table per group, so that the documentation always matches the code. */
export function settingsTables(settings: Settings, level = '##'): string {
  const groups = Map.groupBy(Object.values(settings), ({ group }) => group);
  const sections = [...groups].map(([group, some]) => {
    const rows = some.map(
      ({ variable, fallback, form, meaning }) =>
        `| \`${variable}\` | ${fallback === undefined ? 'none' : `\`${fallback}\``} | ${meaning} | ${form} |`,
    );
    const head = ['| variable | default | meaning | format |', '| --- | --- | --- | --- |'];
    return [`${level} ${group}`, '', ...head, ...rows].join('\n');
  });
  return sections.join('\n\n');
}
