import { impliedBrand, isBrand, isMovingLabel } from './model-brands.ts';
import { type NameParts, readNameParts } from './read-name-parts.ts';
import { splitProvider } from './split-provider.ts';
import { parseTokenCount } from './token-count.ts';

export type ModelName = {
  /** The host of the model, if the name contains it; never part of the model's identity. */
  readonly provider: string | null;
  /** The parts that distinguish models rather than versions: brand, tier, size, purpose. */
  readonly family: string;
  readonly major: number | null;
  /** 0 if the name has only a major version: `claude-opus-4` is 4.0. */
  readonly minor: number | null;
  /** A date stamp or a stage (`preview`, `latest`), or both, as written; full dates as YYYY-MM-DD. */
  readonly release: string | null;
  /** In tokens, if the name contains it: `sonnet[1m]`. */
  readonly contextWindow: number | null;
  /** True for a moving name: the model it stands for changes over time. */
  readonly moving: boolean;
};

const CONTEXT_SUFFIX = /\[(\d+(?:\.\d+)?[km])\]$/;
const SEPARATORS = /[\s\-_:@]+/;

export type ContextSplit = { readonly bare: string; readonly contextWindow: number | null };

/** Splits `sonnet[1m]` into `sonnet` and a context window of one million tokens. */
export function splitContextWindow(name: string): ContextSplit {
  const text = name.trim().toLowerCase();
  const suffix = CONTEXT_SUFFIX.exec(text);
  if (suffix === null) return { bare: text, contextWindow: null };
  return { bare: text.slice(0, suffix.index), contextWindow: parseTokenCount(suffix[1] ?? '') ?? null };
}

/**
 * Parses the names that makers and hosts give to models. Never fails: a name without a known scheme becomes its own
 * family.
 */
export function parseModelName(name: string): ModelName {
  const { bare: text, contextWindow } = splitContextWindow(name);
  const { provider, maker, bare } = splitProvider(text);
  const parts = readNameParts(bare.split(SEPARATORS).filter((word) => word !== ''));
  const brand = brandOf(parts.words[0] ?? '', maker);
  if (brand === undefined) return label(text, contextWindow);
  if (brand !== parts.words[0]) parts.words.unshift(brand);
  return {
    provider,
    family: parts.words.join('-'),
    major: parts.version?.major ?? null,
    minor: parts.version?.minor ?? null,
    release: releaseOf(parts),
    contextWindow: contextWindow ?? parts.contextWindow,
    moving: isMoving(parts),
  };
}

function brandOf(firstWord: string, maker: string | null): string | undefined {
  if (isBrand(firstWord)) return firstWord;
  return impliedBrand(firstWord) ?? (maker !== null && isBrand(maker) ? maker : undefined);
}

/** The whole name, prefix included, is the family: without a known scheme, no part can safely be left out. */
const label = (text: string, contextWindow: number | null): ModelName => ({
  provider: null,
  family: text,
  major: null,
  minor: null,
  release: null,
  contextWindow,
  moving: isMovingLabel(text),
});

function releaseOf({ releases, revision, dated }: NameParts): string | null {
  const said = revision === null || dated ? releases : [...releases, revision];
  return said.length === 0 ? null : said.join('-');
}

/**
 * A name with `latest` is moving. So is a name of a known brand without version, date or size (`sonnet`, `qwen-max`),
 * because it means the newest version.
 */
const isMoving = ({ releases, version, dated, sized }: NameParts): boolean =>
  releases.includes('latest') || (version === null && !dated && !sized);
