import { PhaselockError } from '@phaselock/core';

const PAGE_LIMIT = 200;

export function checkPage<Page extends { readonly limit: number }>(page: Page, most = PAGE_LIMIT): Page {
  if (Number.isInteger(page.limit) && page.limit >= 1 && page.limit <= most) return page;
  throw new PhaselockError('invalid_request', { detail: `limit must be a whole number from 1 to ${most}` });
}
