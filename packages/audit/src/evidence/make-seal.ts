import type { Evidence } from './evidence.ts';
import { formatHead } from './heads.ts';
import type { Seal } from './seal-text.ts';
import { sumHeads } from './sum-heads.ts';

/** Yields the line of each head, and returns the seal of them. */
export async function* makeSeal(evidence: Evidence, previous: Seal | undefined): AsyncGenerator<string, Seal> {
  const { at: created, database, schema, snapshot, cluster } = await evidence.state();
  const sum = sumHeads();
  for await (const head of evidence.heads()) {
    const line = formatHead(head);
    sum.add(line);
    yield line;
  }
  const unchained = await evidence.unchained();
  return { ...sum.finish(), created, database, schema, snapshot, unchained, cluster, previous: previous?.root };
}
