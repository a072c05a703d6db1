import { stringify } from 'yaml';

export type RuleGroup = {
  readonly name: string;
  readonly rules: readonly Readonly<Record<string, unknown>>[];
};

/** The words by which a check of the repository knows that limits were not written here by hand. */
export const MADE_FROM =
  'Made from ops/rollout/stages.yml and packages/monitoring: PHASELOCK_UPDATE_DOCS=1 npx pnpm@12 test packages/monitoring';

export const ruleFile = (groups: readonly RuleGroup[]): string =>
  `# ${MADE_FROM}\n${stringify({ groups }, { lineWidth: 0 })}`;
