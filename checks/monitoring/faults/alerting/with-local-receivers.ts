import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

export type Receivers = {
  readonly pagerDuty: { readonly url: string; readonly routingKey: string };
  readonly ticketsUrl: string;
  readonly deadMansSwitchUrl: string;
};

/** Groups are told of at once: of the committed times, whole minutes. */
const TIMES: Readonly<Record<string, string>> = { group_wait: '1s', group_interval: '2s', repeat_interval: '1h' };
/** The dead man's switch is told again and again. */
const REPEATED = '5s';

/** The committed configuration of Alertmanager, with other addresses, secrets and times of groups, and nothing else. */
export async function withLocalReceivers(text: string, folder: string, receivers: Receivers): Promise<string> {
  const secrets: Record<string, string> = {};
  const secret = async (name: string, value: string): Promise<string> => {
    const file = join(folder, name);
    await writeFile(file, value, { mode: 0o600 });
    secrets[name] = file;
    return file;
  };
  const pagerDutyKey = await secret('pagerduty-key', receivers.pagerDuty.routingKey);
  const config: unknown = parse(text);
  return stringify(
    await replaced(config, {
      pagerDuty: async (options) => ({ ...options, routing_key_file: pagerDutyKey, url: receivers.pagerDuty.url }),
      webhook: async (options, receiver) => {
        const { url: _url, url_file: _file, http_config: _http, ...rest } = options;
        const isSwitch = /dead|watchdog/i.test(receiver);
        return { ...rest, url: isSwitch ? receivers.deadMansSwitchUrl : receivers.ticketsUrl };
      },
    }),
  );
}

type Options = Readonly<Record<string, unknown>>;
type Replacing = {
  readonly pagerDuty: (options: Options) => Promise<Options>;
  readonly webhook: (options: Options, receiver: string) => Promise<Options>;
};

async function replaced(node: unknown, replacing: Replacing, receiver = ''): Promise<unknown> {
  if (Array.isArray(node)) return await Promise.all(node.map((item) => replaced(item, replacing, receiver)));
  if (!isOptions(node)) return node;
  const name = typeof node.name === 'string' ? node.name : receiver;
  const isRepeated = node.receiver !== undefined && /dead|watchdog/i.test(String(node.receiver));
  const entries = Object.entries(node).map(async ([key, value]): Promise<[string, unknown]> => {
    if (key === 'pagerduty_configs') return [key, await eachOf(value, (options) => replacing.pagerDuty(options))];
    if (key === 'webhook_configs') return [key, await eachOf(value, (options) => replacing.webhook(options, name))];
    if (key in TIMES) return [key, key === 'repeat_interval' && isRepeated ? REPEATED : TIMES[key]];
    return [key, await replaced(value, replacing, name)];
  });
  return Object.fromEntries(await Promise.all(entries));
}

const eachOf = async (list: unknown, change: (options: Options) => Promise<Options>): Promise<unknown> =>
  Array.isArray(list) ? await Promise.all(list.filter(isOptions).map(change)) : list;

const isOptions = (node: unknown): node is Options => typeof node === 'object' && node !== null && !Array.isArray(node);
