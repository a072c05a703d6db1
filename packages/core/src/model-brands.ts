/** First words of names whose makers follow a naming scheme. Any other name is a label, and its own family. */
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

/** By these a person leaves the choice to the agent; it is the same as naming no model. */
const AGENT_CHOICES: ReadonlySet<string> = new Set(['', 'default', 'auto']);

/** Names that mean another model from time to time though they fit no brand's scheme. */
const OTHER_MOVING_NAMES: ReadonlySet<string> = new Set(['opusplan', 'best']);

export const isBrand = (word: string): boolean => BRANDS.has(word);
export const impliedBrand = (word: string): string | undefined => IMPLIED_BRANDS.get(word);
/** Unlike `auto`, which an agent may have as a model of its own. */
export const isDefaultName = (name: string): boolean => name === '' || name === 'default';
export const isAgentChoice = (name: string): boolean => AGENT_CHOICES.has(name);
export const isMovingLabel = (name: string): boolean => AGENT_CHOICES.has(name) || OTHER_MOVING_NAMES.has(name);
