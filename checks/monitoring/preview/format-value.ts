/** A number in a unit of Grafana, as Grafana writes it. */
export function formatValue(value: number, unit: string, decimals?: number): string {
  if (!Number.isFinite(value)) return '–';
  const scaled = scale(value, unit);
  return `${digits(scaled.value, decimals ?? scaled.decimals)}${scaled.suffix}`;
}

type Scaled = { readonly value: number; readonly suffix: string; readonly decimals?: number };

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

function scale(value: number, unit: string): Scaled {
  switch (unit) {
    case 'percentunit':
      return { value: value * 100, suffix: '%' };
    case 'percent':
      return { value, suffix: '%' };
    case 's':
      return time(value);
    case 'bytes':
      return ofThousands(value, 1_024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']);
    case 'Bps':
      return ofThousands(value, 1_000, [' B/s', ' kB/s', ' MB/s', ' GB/s']);
    case 'reqps':
      return ofThousands(value, 1_000, [' req/s', 'K req/s']);
    case 'ops':
      return ofThousands(value, 1_000, [' ops/s', 'K ops/s']);
    case 'none':
      return { value, suffix: '' };
    default:
      return ofThousands(value, 1_000, ['', ' K', ' Mil', ' Bil']);
  }
}

function time(seconds: number): Scaled {
  const size = Math.abs(seconds);
  if (size === 0) return { value: 0, suffix: ' s' };
  if (size < 0.001) return { value: seconds * 1e6, suffix: ' µs' };
  if (size < 1) return { value: seconds * 1e3, suffix: ' ms' };
  if (size < MINUTE) return { value: seconds, suffix: ' s' };
  if (size < HOUR) return { value: seconds / MINUTE, suffix: ' min' };
  if (size < DAY) return { value: seconds / HOUR, suffix: ' h' };
  return { value: seconds / DAY, suffix: ' days' };
}

function ofThousands(value: number, base: number, suffixes: readonly string[]): Scaled {
  const power = value === 0 ? 0 : Math.floor(Math.log(Math.abs(value)) / Math.log(base));
  const index = Math.min(Math.max(power, 0), suffixes.length - 1);
  return { value: value / base ** index, suffix: suffixes[index] ?? '' };
}

/** Three significant digits, unless a number of decimals is given. */
function digits(value: number, decimals: number | undefined): string {
  if (decimals !== undefined) return value.toFixed(decimals);
  if (value === 0) return '0';
  return String(Number(value.toPrecision(3)));
}
