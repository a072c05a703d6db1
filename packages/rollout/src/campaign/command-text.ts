/** The flag that a command of `rollout` means when none is named. */
export const DEFAULT_FLAG = 'single_session_guard';

/** A command as one would type it: copied for another flag than the usual one, it must not change the usual one. */
export function commandText(flag: string, command: string): string {
  const [verb = '', ...rest] = command.split(' ');
  return `\`${['rollout', verb, ...(flag === DEFAULT_FLAG ? [] : ['--flag', flag]), ...rest].join(' ')}\``;
}
