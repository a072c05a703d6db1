import type { Panel } from '../dashboards/read-dashboards.ts';
import { formatValue } from './format-value.ts';
import { colorNamed } from './palette.ts';

/** The colour of the last threshold a value has reached. */
function colorOf({ fieldConfig }: Panel, value: number): string {
  const { steps } = fieldConfig.defaults.thresholds;
  const reached = steps.filter((step) => step.value === null || value >= step.value).at(-1);
  return colorNamed(reached?.color ?? 'text');
}

type Shown = { readonly text: string; readonly color: string };

/** The text that a value is mapped to, else the value as a number with its unit. */
export function shown(panel: Panel, value: number): Shown {
  const { unit, decimals, mappings = [] } = panel.fieldConfig.defaults;
  const word = mappings[0]?.options[String(value)];
  if (word !== undefined) return { text: word.text, color: colorNamed(word.color) };
  return { text: formatValue(value, unit, decimals), color: colorOf(panel, value) };
}

/** Whether the panel has thresholds or mappings, so that its values are good or bad. */
export const isJudged = ({ fieldConfig }: Panel): boolean =>
  fieldConfig.defaults.thresholds.steps.length > 1 || fieldConfig.defaults.mappings !== undefined;
