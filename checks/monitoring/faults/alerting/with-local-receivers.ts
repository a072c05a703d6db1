import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

export type Receivers = {
  readonly pagerDuty: { readonly url: string; readonly routingKey: string };
  readonly tickets: { readonly url: string; readonly token: string };
  readonly deadMansSwitch: { readonly url: string; readonly token: string };
};

type Options = Readonly<Record<string, unknown>>;

/** Short times: groups are notified almost at once, and the dead man's switch again after seconds. */
const GROUP_WAIT = '1s';
const GROUP_INTERVAL = '2s';
const SWITCH_INTERVAL = '5s';
const SWITCH = 'dead-mans-switch';

/** The committed configuration of Alertmanager, in which only addresses, secret files and group times are replaced. */
export async function withLocalReceivers(text: string, folder: string, receivers: Receivers): Promise<string> {
  const secretFile = async (name: string, secret: string): Promise<string> => {
    const file = join(folder, name);
    await writeFile(file, secret, { mode: 0o600 });
    return file;
  };
  const webhooks: Readonly<Record<string, Options>> = {
    tickets: await webhook(receivers.tickets, secretFile, 'tickets-token'),
    [SWITCH]: await webhook(receivers.deadMansSwitch, secretFile, 'switch-token'),
  };
  const pagerDuty = {
    routing_key_file: await secretFile('routing-key', receivers.pagerDuty.routingKey),
    url: receivers.pagerDuty.url,
  };
  const change = (node: unknown, name: string): unknown => {
    if (Array.isArray(node)) return node.map((item) => change(item, name));
    if (!isOptions(node)) return node;
    const within = typeof node.name === 'string' ? node.name : name;
    return Object.fromEntries(
      Object.entries(node).map(([key, value]) => [key, changed(key, value, { node, name: within })]),
    );
  };
  const changed = (key: string, value: unknown, around: { readonly node: Options; readonly name: string }): unknown => {
    switch (key) {
      case 'pagerduty_configs':
        return eachOf(value, (options) => ({ ...options, ...pagerDuty }));
      case 'webhook_configs':
        return eachOf(value, (options) => ({ ...options, ...webhooks[around.name] }));
      case 'group_wait':
        return GROUP_WAIT;
      case 'group_interval':
        return GROUP_INTERVAL;
      case 'repeat_interval':
        return around.node.receiver === SWITCH ? SWITCH_INTERVAL : value;
      default:
        return change(value, around.name);
    }
  };
  return stringify(change(parse(text), ''));
}

async function webhook(
  { url, token }: Receivers['tickets'],
  secretFile: (name: string, secret: string) => Promise<string>,
  name: string,
): Promise<Options> {
  return { url, http_config: { authorization: { credentials_file: await secretFile(name, token) } } };
}

const eachOf = (list: unknown, change: (options: Options) => Options): unknown =>
  Array.isArray(list) ? list.filter(isOptions).map(change) : list;

const isOptions = (node: unknown): node is Options => typeof node === 'object' && node !== null && !Array.isArray(node);
