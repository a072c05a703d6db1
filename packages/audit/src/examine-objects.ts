import { finding, type Row } from './check.ts';
import type { Finding } from './finding.ts';
import type { Source } from './source.ts';

export type RecordedObject = {
  readonly objectKey: string;
  readonly objectVersion: string | null;
  readonly sha256: string;
  readonly bytes: number;
};

export type Examined =
  | { readonly kind: 'as-recorded' }
  | { readonly kind: 'missing' | 'damaged'; readonly why: string };

/** Reads one archive object and compares it with its record. Rejects if the store cannot be read. */
export type ObjectExaminer = (object: RecordedObject) => Promise<Examined>;

const AT_A_TIME = 8;
const RULE_OF = { missing: 'SV504', damaged: 'SV503' } as const;

/** Examines every archive object that should still exist, up to `AT_A_TIME` in parallel. */
export async function* examineObjects(source: Source, examine: ObjectExaminer): AsyncGenerator<Finding> {
  for (let after: string | null = null; ; ) {
    const page: readonly Row[] = await source.archives(after);
    for (let at = 0; at < page.length; at += AT_A_TIME) {
      const some = await Promise.all(page.slice(at, at + AT_A_TIME).map((row) => judge(row, examine)));
      yield* some.filter((one) => one !== undefined);
    }
    const last = page.at(-1)?.id;
    if (last == null) return;
    after = last;
  }
}

async function judge(row: Row, examine: ObjectExaminer): Promise<Finding | undefined> {
  const examined = await examine({
    objectKey: row.object_key ?? '',
    objectVersion: row.object_version ?? null,
    sha256: row.sha256 ?? '',
    bytes: Number(row.bytes),
  });
  if (examined.kind === 'as-recorded') return undefined;
  return finding(RULE_OF[examined.kind], row, { kind: 'archive', id: row.id ?? null, message: examined.why });
}
