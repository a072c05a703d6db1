import { type Catalogue, entryKey, findModel } from './catalogue.ts';
import { isAgentChoice } from './model-brands.ts';
import type { ModelIdentity } from './model-identity.ts';

/** The state of a session's model in the current catalogue. */
export type ModelStanding = 'listed' | 'unlisted' | 'gone';

/**
 * Returns `gone` if the variant, the name or the model the name stood for was deleted. A name that was never listed was
 * accepted because of its family, so it is `unlisted`.
 */
export function modelStanding(
  catalogue: Catalogue,
  { agent, variant, model, resolvedModel }: ModelIdentity,
): ModelStanding {
  const profile = variant === null ? undefined : catalogue.profiles.get(entryKey(agent, variant));
  if (variant !== null && (profile === undefined || profile.deleted)) return 'gone';
  const names = new Set([model, resolvedModel]);
  let standing: ModelStanding = 'listed';
  for (const name of names) {
    if (name === null || isAgentChoice(name.toLowerCase())) continue;
    const found = findModel(catalogue, agent, name);
    if (found.kind === 'listed' && found.entry.deleted) return 'gone';
    if (found.kind !== 'listed') standing = 'unlisted';
  }
  return standing;
}

/** Whether a session that was resolved earlier has lost its model. */
export const isModelGone = (catalogue: Catalogue, identity: ModelIdentity): boolean =>
  modelStanding(catalogue, identity) === 'gone';
