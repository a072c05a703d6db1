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
 * Phase names, titles, and the names that older callers use. Any other name is refused without guessing. The words of a
 * name may be joined directly (`createWithAgent`) or by one separator; a separator inside a word is refused.
 */
const NAMES: Readonly<Record<Phase, RegExp>> = {
  plan: /^(?:plan|planning|create[ _-]?with[ _-]?agent)$/,
  run: /^(?:run|running|implement|implementing|implementation|assign[ _-]?to[ _-]?agent)$/,
  verify: /^(?:verify|verifying|verification|review|reviewing|verify[ _-]?with[ _-]?agent)$/,
};

const DEBUG_PREFIX = /^debug(?: *[:_-] *| +)/;
const JOINT = /[:_-]$/;

/** Longer than any valid name. A longer text is refused before the patterns run. */
const NAME_LIMIT = 60;

export type PhaseAndMode = { readonly phase: Phase; readonly mode: Mode };

export function parsePhase(name: string): PhaseAndMode | undefined {
  const lower = name.trim().toLowerCase();
  if (lower.length > NAME_LIMIT) return undefined;
  const unprefixed = lower.replace(DEBUG_PREFIX, '');
  // Only one "debug" is removed as the mode; a name with a second "debug" is unknown.
  const bare = unprefixed === lower ? withoutSuffix(lower) : unprefixed;
  const phase = PHASES.find((candidate) => NAMES[candidate].test(bare));
  return phase === undefined ? undefined : { phase, mode: bare === lower ? 'standard' : 'debug' };
}

/** Removes the suffix "debug" from `run (debug)`, `run debug` and `run: debug`. `rundebug` is one word and stays. */
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
