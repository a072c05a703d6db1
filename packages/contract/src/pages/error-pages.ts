import { ERRORS, type ErrorCode } from '@phaselock/core';
import { ERROR_HELP } from './error-help.ts';
import { escapeHtml, inlineHtml, pageHtml } from './html.ts';

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);
export const ERROR_CODES: readonly ErrorCode[] = Object.keys(ERRORS).filter(isErrorCode);

const again = (code: ErrorCode): string =>
  ERRORS[code].retryable ? 'The same call may succeed later.' : 'The same call will not succeed later.';

/** The page of a code in docs/errors; the API serves its HTML form at /errors. */
export function errorPageMarkdown(code: ErrorCode): string {
  const { status, text } = ERRORS[code];
  const { when, cure } = ERROR_HELP[code];
  return `# \`${code}\`\n\n> ${text}\n\nHTTP ${status}. ${again(code)}\n\n## When\n\n${when}\n\n## What to do\n\n${cure}\n\n[All codes](README.md)\n`;
}

export function errorListMarkdown(): string {
  const rows = ERROR_CODES.map(
    (code) =>
      `| [\`${code}\`](${code}.md) | ${ERRORS[code].status} | ${ERRORS[code].retryable ? 'yes' : 'no'} | ${ERRORS[code].text} |`,
  );
  return `# Error codes\n\nEvery refusal and failure that the API returns. Codes are stable; texts are for the user. Generated from \`packages/contract/src/pages/error-help.ts\`.\n\n| code | status | retry | text |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

export function errorPageHtml(code: ErrorCode): string {
  const { status, text } = ERRORS[code];
  const { when, cure } = ERROR_HELP[code];
  return pageHtml(
    code,
    `<h1><code>${code}</code></h1>
<p><strong>${escapeHtml(text)}</strong></p>
<p class="note">HTTP ${status}. ${again(code)}</p>
<h2>When</h2><p>${inlineHtml(when)}</p>
<h2>What to do</h2><p>${inlineHtml(cure)}</p>
<p><a href="/errors">All codes</a> · <a href="/docs">Reference</a></p>`,
  );
}

export function errorPageIndex(): string {
  const rows = ERROR_CODES.map(
    (code) =>
      `<tr><td><a href="/errors/${code}"><code>${code}</code></a></td><td>${ERRORS[code].status}</td><td>${escapeHtml(ERRORS[code].text)}</td></tr>`,
  );
  return pageHtml(
    'Error codes',
    `<h1>Error codes</h1><p><a href="/docs">Reference</a></p><table><tr><th>Code</th><th>Status</th><th>Text</th></tr>${rows.join('\n')}</table>`,
  );
}
