import type { Evidence } from '../src/evidence/evidence.ts';
import { makeSeal } from '../src/evidence/make-seal.ts';
import type { OpenedSeal } from '../src/evidence/open-seal.ts';
import { openOwnDatabase } from '../src/own/open-own-database.ts';

/** Opens the event chains of a database. */
async function evidenceOf(url: string): Promise<AsyncDisposable & { readonly evidence: Evidence }> {
  const source = await openOwnDatabase({ url, statementTimeoutMs: 60_000, wanted: { kind: 'all' } });
  if (source.evidence === undefined) throw new Error('a phaselock database has event chains');
  return { evidence: source.evidence, [Symbol.asyncDispose]: () => source[Symbol.asyncDispose]() };
}

/** Seals a history in memory. */
export async function sealHistory(url: string): Promise<OpenedSeal & { readonly lines: readonly string[] }> {
  await using opened = await evidenceOf(url);
  const lines: string[] = [];
  const making = makeSeal(opened.evidence, undefined);
  for (;;) {
    const next = await making.next();
    if (next.done === true)
      return {
        seal: next.value,
        lines,
        async *heads() {
          yield* lines;
        },
      };
    lines.push(next.value);
  }
}
