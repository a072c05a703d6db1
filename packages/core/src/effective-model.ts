import { isAgentChoice } from './model-brands.ts';
import type { ModelIdentity } from './model-identity.ts';
import type { ModelPolicy } from './model-policy.ts';
import { type ModelName, parseModelName, splitContextWindow } from './parse-model-name.ts';

/** The model of an identity after aliases and the agent's default have been looked up. */
export type EffectiveModel = {
  /** The name as shown to users; null if the agent chooses the model itself. */
  readonly title: string | null;
  readonly name: ModelName | null;
  readonly contextWindow: number | null;
};

/** Aliases may point at other aliases; this limit stops a cycle of aliases. */
const MAX_HOPS = 8;

/**
 * Uses the model the name stood for when it was looked up; if none was recorded, the model the policy currently maps it
 * to.
 */
export function effectiveModel({ agent, model, resolvedModel }: ModelIdentity, policy: ModelPolicy): EffectiveModel {
  let given = resolvedModel ?? model ?? '';
  let { bare, contextWindow } = splitContextWindow(given);
  // A requested context window overrides that of the alias target.
  contextWindow = splitContextWindow(model ?? '').contextWindow ?? contextWindow;
  for (let hop = 0; resolvedModel === null && hop < MAX_HOPS; hop += 1) {
    const target =
      aliasTarget(agent, given, bare, policy) ?? (isAgentChoice(bare) ? own(policy.defaultModels, agent) : undefined);
    if (target === undefined) break;
    const split = splitContextWindow(target);
    given = target;
    bare = split.bare;
    contextWindow ??= split.contextWindow;
  }
  if (isAgentChoice(bare)) return { title: null, name: null, contextWindow };
  const name = policy.parsedNames?.get(bare) ?? parseModelName(bare);
  return { title: bare, name, contextWindow: contextWindow ?? name.contextWindow };
}

function aliasTarget(agent: string, given: string, bare: string, { aliases }: ModelPolicy): string | undefined {
  const named = (name: string): string | undefined => own(aliases, `${agent} ${name}`) ?? own(aliases, name);
  return named(given) ?? named(bare);
}

/** Reads own properties only: a model named `constructor` must not match an inherited property. */
const own = (names: Readonly<Partial<Record<string, string>>>, key: string): string | undefined =>
  Object.hasOwn(names, key) ? names[key] : undefined;
