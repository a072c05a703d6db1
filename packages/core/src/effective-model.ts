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

export function effectiveModel({ agent, model }: ModelIdentity, policy: ModelPolicy): EffectiveModel {
  let { bare, contextWindow } = splitContextWindow(model ?? '');
  let given = model ?? '';
  for (let hop = 0; hop < MAX_HOPS; hop += 1) {
    const target =
      aliasTarget(given, bare, policy) ?? (isAgentChoice(bare) ? own(policy.defaultModels, agent) : undefined);
    if (target === undefined) break;
    const split = splitContextWindow(target);
    given = target;
    bare = split.bare;
    // What was asked for beats what the alias would bring.
    contextWindow ??= split.contextWindow;
  }
  if (isAgentChoice(bare)) return { title: null, name: null, contextWindow };
  const name = policy.parsedNames?.get(bare) ?? parseModelName(bare);
  return { title: bare, name, contextWindow: contextWindow ?? name.contextWindow };
}

const aliasTarget = (given: string, bare: string, { aliases }: ModelPolicy): string | undefined =>
  own(aliases, given) ?? own(aliases, bare);

/** A model may be called `constructor`; only what the policy itself says is looked at. */
const own = (names: Readonly<Partial<Record<string, string>>>, key: string): string | undefined =>
  Object.hasOwn(names, key) ? names[key] : undefined;
