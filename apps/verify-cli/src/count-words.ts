/** A count with its noun: `1 session`, `2 processes`. */
export const many = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : what.endsWith('s') ? 'es' : 's'}`;
