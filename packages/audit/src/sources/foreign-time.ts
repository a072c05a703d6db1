export type ForeignTime = {
  /** The time in one format, so that the order of texts is the order of times. */
  readonly sortable: string;
  readonly form: 'iso' | 'plain';
};

const FORM = /^(\d{4}-\d\d-\d\d)([T ])(\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\s*(Z|[+-]\d\d:?\d\d)?$/;

/**
 * Parses a UTC time in one of two formats, such as `2026-01-26T09:00:00.123456789+00:00` and `2026-01-26 09:00:00.123`.
 * As texts they do not sort by time.
 */
export function readForeignTime(text: string): ForeignTime | undefined {
  const [, day, separator, time, fraction = '', zone] = FORM.exec(text.trim()) ?? [];
  if (day === undefined || time === undefined) return undefined;
  const ms = Date.parse(
    `${day}T${time}${zone === undefined || zone === 'Z' ? 'Z' : zone.replace(/(\d\d):?(\d\d)$/, '$1:$2')}`,
  );
  if (Number.isNaN(ms)) return undefined;
  const whole = new Date(ms).toISOString().slice(0, 19);
  return { sortable: `${whole}.${fraction.padEnd(9, '0')}Z`, form: separator === 'T' ? 'iso' : 'plain' };
}
