/** `us.anthropic.`, `meta.`: the region and maker that Amazon Bedrock puts before the name. */
const DOTTED_PREFIX = /^((?:(?:us-gov|us|eu|ap|apac|au|ca|jp|global)\.)?[a-z][a-z0-9]*)\.(?=[a-z])/;

/** `:0` and `:0:200k` after a name on Bedrock: the package number, and in some names the context window. */
const PACKAGING_SUFFIX = /:\d+(?::(\d+k))?$/;

/** The suffixes by which OpenRouter selects a host. */
const ROUTING_SUFFIX = /:(?:free|nitro|floor|exacto)$/;

export type ProviderSplit = {
  readonly provider: string | null;
  /** The maker in a dotted name: `deepseek.r1` contains it nowhere else. */
  readonly maker: string | null;
  readonly bare: string;
};

/** Splits a model name into its provider and the rest, because hosts offer the same model under many prefixes. */
export function splitProvider(name: string): ProviderSplit {
  const slash = name.lastIndexOf('/');
  const path = slash === -1 ? null : name.slice(0, slash);
  const last = name.slice(slash + 1);
  const dotted = DOTTED_PREFIX.exec(last)?.[1];
  const unprefixed = dotted === undefined ? last : last.slice(dotted.length + 1);
  const bare = unprefixed.replace(ROUTING_SUFFIX, '').replace(PACKAGING_SUFFIX, '-$1');
  const provider = [path, dotted].filter((part) => part !== null && part !== undefined && part !== '').join('/');
  const maker = dotted?.slice(dotted.lastIndexOf('.') + 1) ?? null;
  return { provider: provider === '' ? null : provider, maker, bare };
}
