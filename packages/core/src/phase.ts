export const PHASES = ['plan', 'run', 'verify'] as const;
export type Phase = (typeof PHASES)[number];

export const MODES = ['standard', 'debug'] as const;
export type Mode = (typeof MODES)[number];

export const PHASE_TITLES: Readonly<Record<Phase, string>> = {
  plan: 'Planning',
  run: 'Implementation',
  verify: 'Verification',
};

/** Titles and the names older callers use, in words. A name that is not here is not a phase: nothing is guessed. */
const SYNONYMS: Readonly<Record<Phase, readonly string[]>> = {
  plan: ['plan', 'planning', 'create with agent'],
  run: ['run', 'running', 'implement', 'implementing', 'implementation', 'assign to agent'],
  verify: ['verify', 'verifying', 'verification', 'review', 'reviewing', 'verify with agent'],
};

/** Words may run together (`createWithAgent`) or be joined by one separator; separators inside a word make it another word. */
const pattern = (names: readonly string[]): RegExp => new RegExp(`^(?:${names.join('|').replaceAll(' ', '[ _-]?')})$`);

const PATTERNS: Readonly<Record<Phase, RegExp>> = {
  plan: pattern(SYNONYMS.plan),
  run: pattern(SYNONYMS.run),
  verify: pattern(SYNONYMS.verify),
};

const DEBUG_PREFIX = /^debug(?: *[:_-] *| +)/;
const DEBUG_SUFFIX = /(?: *[:_-] *| +)debug$| *\(debug\)$/;

/** Longer than any name with any spacing; the patterns above need not be tried on a page of text. */
const NAME_LIMIT = 60;

export type PhaseAndMode = { readonly phase: Phase; readonly mode: Mode };

export function parsePhase(name: string): PhaseAndMode | undefined {
  const lower = name.trim().toLowerCase();
  if (lower.length > NAME_LIMIT) return undefined;
  const unprefixed = lower.replace(DEBUG_PREFIX, '');
  // One "debug" is a mode; a second one is part of a name nobody knows.
  const bare = unprefixed === lower ? lower.replace(DEBUG_SUFFIX, '') : unprefixed;
  const phase = PHASES.find((candidate) => PATTERNS[candidate].test(bare));
  return phase === undefined ? undefined : { phase, mode: bare === lower ? 'standard' : 'debug' };
}
