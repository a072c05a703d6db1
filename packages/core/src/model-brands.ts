/** First words of names that follow a known naming scheme. Any other name is a label and forms its own family. */
const BRANDS: ReadonlySet<string> = new Set([
  ...['claude', 'gpt', 'chatgpt', 'codex', 'o', 'gemini', 'gemma', 'grok', 'composer', 'swe'],
  ...['qwen', 'qwq', 'qvq', 'deepseek', 'kimi', 'moonshot', 'glm', 'chatglm', 'minimax', 'ernie', 'doubao', 'hunyuan'],
  ...['llama', 'codellama', 'phi', 'nova', 'nemotron', 'granite', 'jamba', 'command'],
  ...['mistral', 'mixtral', 'ministral', 'magistral', 'codestral', 'devstral', 'pixtral'],
]);

/** First words that some agents use without naming the brand: `sonnet`, `sonnet-4.5`, `flash-lite`. */
const IMPLIED_BRANDS: ReadonlyMap<string, string> = new Map([
  ['sonnet', 'claude'],
  ['opus', 'claude'],
  ['haiku', 'claude'],
  ['flash', 'gemini'],
  ['pro', 'gemini'],
]);

/** Names that leave the choice to the agent, as if no model were named. */
const AGENT_CHOICES: ReadonlySet<string> = new Set(['', 'default', 'auto']);

/** Moving names (their target changes over time) that fit no brand's naming scheme. */
const OTHER_MOVING_NAMES: ReadonlySet<string> = new Set(['opusplan', 'best']);

export const isBrand = (word: string): boolean => BRANDS.has(word);
export const impliedBrand = (word: string): string | undefined => IMPLIED_BRANDS.get(word);
/** Excludes `auto`, because an agent may have a model of that name. */
export const isDefaultName = (name: string): boolean => name === '' || name === 'default';
export const isAgentChoice = (name: string): boolean => AGENT_CHOICES.has(name);
export const isMovingLabel = (name: string): boolean => AGENT_CHOICES.has(name) || OTHER_MOVING_NAMES.has(name);
