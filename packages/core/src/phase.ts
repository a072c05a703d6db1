export const PHASES = ['plan', 'run', 'verify'] as const;
export type Phase = (typeof PHASES)[number];

export const MODES = ['standard', 'debug'] as const;
export type Mode = (typeof MODES)[number];

export const PHASE_TITLES: Readonly<Record<Phase, string>> = {
  plan: 'Planning',
  run: 'Implementation',
  verify: 'Verification',
};

/**
 * Titles and the names older callers use. A name that is not here is not a phase: nothing is guessed. Words may run together (`createWithAgent`) or
 * be joined by one separator; separators inside a word make it another word.
 */
const NAMES: Readonly<Record<Phase, RegExp>> = {
  plan: /^(?:plan|planning|create[ _-]?with[ _-]?agent)$/,
  run: /^(?:run|running|implement|implementing|implementation|assign[ _-]?to[ _-]?agent)$/,
  verify: /^(?:verify|verifying|verification|review|reviewing|verify[ _-]?with[ _-]?agent)$/,
};

const DEBUG_PREFIX = /^debug(?: *[:_-] *| +)/;
// Tried at the first space of a run alone: from each of them it would be quadratic.
const DEBUG_SUFFIX = /(?<! )(?: *[:_-] *| +)debug$|(?<! ) *\(debug\)$/;

/** Longer than any name with any spacing; the patterns above need not be tried on a page of text. */
const NAME_LIMIT = 60;

export type PhaseAndMode = { readonly phase: Phase; readonly mode: Mode };

export function parsePhase(name: string): PhaseAndMode | undefined {
  const lower = name.trim().toLowerCase();
  if (lower.length > NAME_LIMIT) return undefined;
  const unprefixed = lower.replace(DEBUG_PREFIX, '');
  // One "debug" is a mode; a second one is part of a name nobody knows.
  const bare = unprefixed === lower ? lower.replace(DEBUG_SUFFIX, '') : unprefixed;
  const phase = PHASES.find((candidate) => NAMES[candidate].test(bare));
  return phase === undefined ? undefined : { phase, mode: bare === lower ? 'standard' : 'debug' };
}
