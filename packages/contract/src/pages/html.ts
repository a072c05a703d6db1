const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (found) => ENTITIES[found] ?? found);

/** Converts the Markdown used in descriptions of the contract: paragraphs, `code` and **bold**. */
export const proseHtml = (text: string): string =>
  text
    .split('\n\n')
    .map((paragraph) => `<p>${inlineHtml(paragraph)}</p>`)
    .join('\n');

export const inlineHtml = (text: string): string =>
  escapeHtml(text)
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>');

const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --soft: color-mix(in srgb, currentColor 65%, transparent);
  --box: color-mix(in srgb, currentColor 5%, transparent); --accent: #2563eb; }
@media (prefers-color-scheme: dark) { :root { --accent: #7ab0ff; } }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, sans-serif; margin: 0; overflow-wrap: anywhere; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
a { color: var(--accent); } code, pre { font: .9em ui-monospace, monospace; } pre { background: var(--box); padding: .8rem; overflow-x: auto; border-radius: 6px; }
h1 { font-size: 1.7rem; } h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); } h3 { margin: 2.4rem 0 .3rem; }
table { border-collapse: collapse; width: 100%; font-size: .93rem; margin: .5rem 0 1rem; } th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); } .method { display: inline-block; min-width: 4.2rem; font-weight: 700; } .note { color: var(--soft); font-size: .93rem; }
nav ul { columns: 17rem; padding-left: 1.1rem; } summary { cursor: pointer; color: var(--accent); }
@media (max-width: 40rem) { main { padding: 1rem; } }
`;

/** A self-contained page: no script, no font, no third-party address. */
export const pageHtml = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
<main>
${body}
</main>
</html>
`;
