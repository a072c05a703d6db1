import type { Agent } from './agents.ts';
import { isAgentChoice, isBrand } from './model-brands.ts';
import type { Parameters } from './model-identity.ts';
import type { ModelPolicy } from './model-policy.ts';
import { type ModelName, parseModelName, splitContextWindow } from './parse-model-name.ts';
import { splitProvider } from './split-provider.ts';

export type CatalogueModel = {
  readonly agent: Agent;
  readonly name: string;
  readonly isDefault: boolean;
  /** For a moving name (an alias whose target changes over time): its current target. */
  readonly standsFor: string | null;
  readonly deleted: boolean;
};
export type CatalogueProfile = {
  readonly agent: Agent;
  readonly variant: string;
  readonly model: string | null;
  readonly parameters: Parameters;
  readonly deleted: boolean;
};

/**
 * The models and profiles that callers may choose. Deleted entries are kept, because a deleted name and an
 * unknown name get different answers.
 */
export type Catalogue = {
  readonly models: ReadonlyMap<string, CatalogueModel>;
  readonly profiles: ReadonlyMap<string, CatalogueProfile>;
  /** Models by family and version, independent of spelling. A live entry takes precedence over a deleted one. */
  readonly versions: ReadonlyMap<string, CatalogueModel>;
  /** Families in which an agent has at least one live (not deleted) entry. */
  readonly families: ReadonlySet<string>;
  readonly defaults: ReadonlyMap<Agent, CatalogueModel>;
};

export const entryKey = (agent: Agent, name: string): string => `${agent} ${name}`;

/** If several rows have the same name, a live (not deleted) row takes precedence. */
export function buildCatalogue(models: readonly CatalogueModel[], profiles: readonly CatalogueProfile[]): Catalogue {
  const deadFirst = <Row extends { deleted: boolean }>(rows: readonly Row[]): Row[] =>
    rows.toSorted((a, b) => Number(b.deleted) - Number(a.deleted));
  const entries = deadFirst(models).map((row) => ({ row, parsed: parseModelName(row.name) }));
  const live = entries.filter(({ row }) => !row.deleted);
  return {
    models: new Map(entries.map(({ row }) => [entryKey(row.agent, row.name.toLowerCase()), row])),
    profiles: new Map(deadFirst(profiles).map((row) => [entryKey(row.agent, row.variant), row])),
    // A moving name has no version of its own.
    versions: new Map(
      entries.flatMap(({ row, parsed }) => (parsed.moving ? [] : [[versionKey(row.agent, parsed), row] as const])),
    ),
    families: new Set(live.map(({ row, parsed }) => entryKey(row.agent, parsed.family))),
    defaults: new Map(live.filter(({ row }) => row.isDefault).map(({ row }) => [row.agent, row])),
  };
}

/** Size and purpose are part of the family, so two names with the same key differ at most in their release. */
const versionKey = (agent: Agent, { family, major, minor }: ModelName): string =>
  entryKey(agent, `${family} ${major}.${minor}`);

export type FoundModel =
  | { readonly kind: 'listed'; readonly entry: CatalogueModel }
  /** The catalogue has no entry for the name, but the agent has a live entry of the same family. */
  | { readonly kind: 'unlisted' }
  | { readonly kind: 'unknown' };

/** Finds the entry for a name: as written, without its context window, without its provider, or by the same version. */
export function findModel(catalogue: Catalogue, agent: Agent, name: string): FoundModel {
  const text = name.trim().toLowerCase();
  const { bare } = splitContextWindow(text);
  for (const spelling of [text, bare, splitProvider(bare).bare]) {
    const entry = catalogue.models.get(entryKey(agent, spelling));
    if (entry !== undefined) return { kind: 'listed', entry };
  }
  const parsed = parseModelName(bare);
  const sameVersion = parsed.moving ? undefined : catalogue.versions.get(versionKey(agent, parsed));
  if (sameVersion !== undefined) return { kind: 'listed', entry: sameVersion };
  const [brand = ''] = parsed.family.split('-');
  const known = isBrand(brand) && catalogue.families.has(entryKey(agent, parsed.family));
  return { kind: known ? 'unlisted' : 'unknown' };
}

/** Adds the agents' defaults and the targets of moving names from the catalogue to the caller's policy. */
export function policyFromCatalogue(policy: ModelPolicy, { models, defaults }: Catalogue): ModelPolicy {
  const live = [...models.values()].filter((model) => !model.deleted);
  const aliases = live.flatMap(({ agent, name, standsFor }) =>
    standsFor === null ? [] : [[entryKey(agent, name), standsFor]],
  );
  const defaultNames = [...defaults].map(([agent, { name }]) => [agent, name]);
  return {
    ...policy,
    defaultModels: { ...policy.defaultModels, ...Object.fromEntries(defaultNames) },
    aliases: { ...policy.aliases, ...Object.fromEntries(aliases) },
    parsedNames: new Map(live.filter(({ name }) => !isAgentChoice(name)).map(({ name }) => parsedByName(name))),
  };
}

/** Keyed without the context window, because a comparison splits it off before it looks up the name. */
const parsedByName = (name: string): [string, ModelName] => {
  const { bare } = splitContextWindow(name);
  return [bare, parseModelName(bare)];
};
