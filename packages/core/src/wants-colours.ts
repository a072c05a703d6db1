export type ColourChoice = 'auto' | 'always' | 'never';

type Terminal = { readonly isTTY: boolean; readonly env: Readonly<Record<string, string | undefined>> };

/** Whether to print colours. Precedence: the flag, NO_COLOR, FORCE_COLOR, then whether the output is a terminal. */
export function wantsColours(choice: ColourChoice, { isTTY, env }: Terminal): boolean {
  if (choice !== 'auto') return choice === 'always';
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return env.FORCE_COLOR !== '0';
  return isTTY && env.TERM !== 'dumb';
}
