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
const JOINT = /[:_-]$/;

/** Longer than any name with any spacing; the patterns above need not be tried on a page of text. */
const NAME_LIMIT = 60;

export type PhaseAndMode = { readonly phase: Phase; readonly mode: Mode };

export function parsePhase(name: string): PhaseAndMode | undefined {
  const lower = name.trim().toLowerCase();
  if (lower.length > NAME_LIMIT) return undefined;
  const unprefixed = lower.replace(DEBUG_PREFIX, '');
  // One "debug" is a mode; a second one is part of a name nobody knows.
  const bare = unprefixed === lower ? withoutSuffix(lower) : unprefixed;
  const phase = PHASES.find((candidate) => NAMES[candidate].test(bare));
  return phase === undefined ? undefined : { phase, mode: bare === lower ? 'standard' : 'debug' };
}

/** `run (debug)`, `run debug` and `run: debug`; words that run together are one word. */
function withoutSuffix(name: string): string {
  if (name.endsWith('(debug)')) return withoutSpaces(name.slice(0, -'(debug)'.length));
  if (!name.endsWith('debug')) return name;
  const joined = name.slice(0, -'debug'.length);
  const spaced = withoutSpaces(joined);
  const bare = JOINT.test(spaced) ? withoutSpaces(spaced.slice(0, -1)) : spaced;
  return bare === joined ? name : bare;
}

function withoutSpaces(text: string): string {
  let end = text.length;
  while (text[end - 1] === ' ') end -= 1;
  return text.slice(0, end);
}
