import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { drawAll } from './draw-all.ts';
import { runSelf } from './run-self.ts';
import { findChromium } from './take-picture.ts';

const USAGE = `Usage: npx pnpm@12 dashboards:preview (--prometheus URL | --self) [--last 15m] [--scrape 15s] [--out DIR]

Draws every dashboard of ops/grafana/dashboards as a page, and also as a picture if Chromium is on the PATH.

  --prometheus URL   queries this Prometheus
  --self             starts the product, a Prometheus and a load, and causes faults meanwhile
  --last 15m         the time range to draw, in s, m or h; with --self also the time the load runs
  --scrape 15s       the scrape interval of the Prometheus, which determines $__rate_interval
  --out DIR          the folder for the files; .phaselock/dashboards by default
`;
/** About the number of points that Grafana requests for a panel of this width. */
const POINTS = 180;
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

class UsageMistake extends Error {}

function seconds(text: string, flag: string): number {
  const [, count, unit = ''] = /^(\d+)([smh])$/.exec(text) ?? [];
  const found = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (!(found > 0)) throw new UsageMistake(`--${flag} takes a time such as 15m, not ${text}`);
  return found;
}

type Arguments = {
  readonly prometheus: string | undefined;
  readonly last: number;
  readonly scrape: number;
  readonly out: string;
};

function readArguments(argv: readonly string[]): Arguments {
  const text = { type: 'string' } as const;
  const options = { prometheus: text, self: { type: 'boolean' }, last: text, scrape: text, out: text } as const;
  const {
    prometheus,
    self = false,
    last,
    scrape,
    out,
  } = (() => {
    try {
      return parseArgs({ args: [...argv], options, strict: true }).values;
    } catch (error) {
      throw new UsageMistake(error instanceof Error ? error.message : String(error));
    }
  })();
  if (self === (prometheus !== undefined)) throw new UsageMistake('give one of --prometheus and --self');
  if (prometheus !== undefined && !/^https?:$/.test(URL.parse(prometheus)?.protocol ?? ''))
    throw new UsageMistake(`--prometheus takes an address such as http://127.0.0.1:9090, not ${prometheus}`);
  return {
    prometheus: prometheus?.replace(/\/$/, ''),
    last: seconds(last ?? (self ? '4m' : '15m'), 'last'),
    scrape: seconds(scrape ?? (self ? '5s' : '15s'), 'scrape'),
    out: resolve(out ?? '.phaselock/dashboards'),
  };
}

async function draw(url: string, { last, scrape, out }: Arguments): Promise<void> {
  const stepSeconds = Math.max(1, Math.ceil(last / POINTS));
  const to = Math.floor(Date.now() / 1_000);
  const chromium = findChromium();
  if (chromium === undefined) console.error('Chromium is not on the PATH: only pages are written, no pictures.');
  const window = { from: to - last, to, stepSeconds, scrapeSeconds: scrape, rangeSeconds: last };
  for (const file of await drawAll({ url, window, out, chromium })) console.log(file);
}

try {
  const asked = readArguments(process.argv.slice(2));
  if (asked.prometheus !== undefined) await draw(asked.prometheus, asked);
  else {
    const tell = (what: string): void => console.error(what);
    await runSelf(asked.last, tell, (url) => draw(url, asked));
  }
} catch (error) {
  if (error instanceof UsageMistake) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = 64;
  } else {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
