/** The flag of a `rollout` command without `--flag`. */
export const DEFAULT_FLAG = 'single_session_guard';

/** A `rollout` command to copy. It names the flag unless it is the default, so that it changes the right flag. */
export function commandText(flag: string, command: string): string {
  const [verb = '', ...rest] = command.split(' ');
  return `\`${['rollout', verb, ...(flag === DEFAULT_FLAG ? [] : ['--flag', flag]), ...rest].join(' ')}\``;
}
