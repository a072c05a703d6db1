import { isAgentChoice } from './model-brands.ts';
import type { ModelIdentity } from './model-identity.ts';
import type { ModelPolicy } from './model-policy.ts';
import { type ModelName, parseModelName, splitContextWindow } from './parse-model-name.ts';

/** What an identity comes to once aliases and the agent's default are looked up. */
export type EffectiveModel = {
  /** As it would be shown; null is whatever the agent picks. */
  readonly title: string | null;
  readonly name: ModelName | null;
  readonly contextWindow: number | null;
};

/** Aliases may point at aliases; a list that points in a circle must still come to an end. */
const MAX_HOPS = 8;

/** What the name stood for when it was looked up, else what the policy says it stands for today. */
export function effectiveModel({ agent, model, resolvedModel }: ModelIdentity, policy: ModelPolicy): EffectiveModel {
  let given = resolvedModel ?? model ?? '';
  let { bare, contextWindow } = splitContextWindow(given);
  // What was asked for beats what the alias would bring.
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

/** A model may be called `constructor`; only what the policy itself says is looked at. */
const own = (names: Readonly<Partial<Record<string, string>>>, key: string): string | undefined =>
  Object.hasOwn(names, key) ? names[key] : undefined;
