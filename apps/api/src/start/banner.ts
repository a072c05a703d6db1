import type { TaskId } from '@phaselock/core';

/** The local key: its file, and the key itself only if the output goes to a terminal. */
type ToldKey = { readonly file: string; readonly shown: string | undefined };

type Introduction = {
  readonly url: string;
  readonly tookMs: number;
  readonly database: string;
  readonly auth: 'keys' | 'off';
  readonly key: ToldKey | undefined;
  readonly taskId: TaskId | undefined;
};

/** The text printed after the start: where the service is, how to get access, and a first command to paste. */
export function banner({ url, tookMs, database, auth, key, taskId }: Introduction): string {
  return `
phaselock is up at ${url} (${(tookMs / 1_000).toFixed(1)} s)

  reference   ${url}/docs
  database    ${database}
  access      ${accessLine(auth, key)}
${taskId === undefined ? '' : firstSession(url, key, taskId)}
Ctrl-C stops it; the data stays.
`;
}

function accessLine(auth: 'keys' | 'off', key: ToldKey | undefined): string {
  if (auth === 'off')
    return 'authentication is off: every program on this machine has full access, other machines are refused';
  if (key === undefined) return 'with a key: npx pnpm@12 keys create --name me --scopes admin';
  return key.shown === undefined ? `with the key in ${key.file}` : `${key.shown}   (kept in ${key.file})`;
}

function firstSession(url: string, key: ToldKey | undefined, taskId: TaskId): string {
  const authorization = key === undefined ? '' : `-H ${authorizationHeader(key)} `;
  const body = JSON.stringify({
    taskId,
    phase: 'run',
    model: { agent: 'claude-code', model: 'claude-sonnet-4-5' },
  });
  return `
A first guarded session:

  curl -s ${url}/v1/sessions ${authorization}-H 'Content-Type: application/json' -d '${body}'

Sent again, it returns the existing session. With claude-opus-4-5 the service asks for a confirmation first:
send back "confirm" from its response to replace the session.
`;
}

/** The header as a quoted shell argument. */
function authorizationHeader({ file, shown }: ToldKey): string {
  if (shown !== undefined) return `'Authorization: Bearer ${shown}'`;
  return `"Authorization: Bearer $(cat '${file.replaceAll("'", String.raw`'\''`)}')"`;
}
