const TOKEN_COUNT = /^(\d{1,12}(?:\.\d{1,6})?)([km])?$/;
const FACTORS: Readonly<Record<string, number>> = { k: 1_000, m: 1_000_000 };

/** Converts texts such as `1.5m` (1,500,000), `200k` and `200000` to numbers of tokens; undefined for other texts. */
export function parseTokenCount(text: string): number | undefined {
  const match = TOKEN_COUNT.exec(text.trim().toLowerCase());
  if (match === null) return undefined;
  const [, amount = '', unit] = match;
  return Number(amount) * (unit === undefined ? 1 : (FACTORS[unit] ?? 1));
}
