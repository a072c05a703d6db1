/** Formats numbers for people: three significant digits and a suitable unit. */

export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '∞';
  const absolute = Math.abs(value);
  const digits = absolute >= 100 || value === 0 ? 0 : absolute >= 10 ? 1 : absolute >= 1 ? 2 : 3;
  const [whole = '', part] = value.toFixed(digits).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '\u202f');
  const short = part?.replace(/0+$/, '') ?? '';
  return short === '' ? grouped : `${grouped}.${short}`;
}

export const formatMs = (ms: number | null | undefined): string =>
  ms === null || ms === undefined
    ? '–'
    : Math.abs(ms) >= 10_000
      ? `${formatNumber(ms / 1_000)} s`
      : `${formatNumber(ms)} ms`;

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function formatBytes(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(bytes) / Math.log(1024)));
  return `${formatNumber(bytes / 1024 ** step)} ${UNITS[step]}`;
}

export const formatShare = (share: number): string =>
  share > 0 && share < 0.0001 ? '< 0.01 %' : `${formatNumber(share * 100)} %`;

export function formatUnit(value: number, unit: string): string {
  switch (unit) {
    case 'ms':
      return formatMs(value);
    case 'bytes':
      return formatBytes(value);
    case 'share':
      return formatShare(value);
    default:
      return `${formatNumber(value)} ${unit}`;
  }
}
