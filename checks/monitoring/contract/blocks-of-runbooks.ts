import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Block, blocksIn } from './blocks-in-markdown.ts';
import { filesOf, ROOT } from './find-queries.ts';
import { expressionsIn } from './queries-in-markdown.ts';

type At = { readonly file: string; readonly line: number };

/** An expression, and whether it returns no series in a healthy installation. */
export type Expression = At & { readonly promql: string; readonly emptyWhenHealthy: boolean };
/** SQL statements, and whether they may change data. */
export type Statements = At & { readonly sql: string; readonly changes: boolean };
/** A command as it is typed, and its exit code in a healthy installation. */
export type Command = At & { readonly command: string; readonly code: number };

const EMPTY_WHEN_HEALTHY = 'empty-when-healthy';
const CHANGES = 'changes';
const EXIT = /^exit-(\d+)$/;
/** The note of a block that the tests do not run, with the reason. */
const NOT_RUN = /^not-run-here: .{10,}$/;

type Written = At & { readonly block: Block };

export const allBlocks = (): Written[] =>
  filesOf('runbooks').flatMap((file) =>
    blocksIn(readFileSync(join(ROOT, file), 'utf8')).map((block) => ({ file, line: block.line, block })),
  );

/** Whether the note after the language of a block is one of the allowed notes. */
export const isUnderstood = ({ language, note }: Block): boolean => {
  switch (language) {
    case 'promql':
      return note === '' || note === EMPTY_WHEN_HEALTHY;
    case 'sql':
      return note === '' || note === CHANGES;
    case 'sh':
      return note === '' || EXIT.test(note) || NOT_RUN.test(note);
    default:
      return language === 'text' && note === '';
  }
};

const blocksOf = (language: string): Written[] =>
  allBlocks().filter(({ block }) => block.language === language && !NOT_RUN.test(block.note));

export const expressionsToRun = (): Expression[] =>
  blocksOf('promql').flatMap(({ file, line, block }) =>
    expressionsIn(block.code).map(({ promql, at }) => ({
      ...{ file, promql, line: line + block.code.slice(0, at).split('\n').length - 1 },
      emptyWhenHealthy: block.note === EMPTY_WHEN_HEALTHY,
    })),
  );

export const statementsToRun = (): Statements[] =>
  blocksOf('sql').map(({ file, line, block }) => ({
    ...{ file, line, sql: block.code, changes: block.note === CHANGES },
  }));

/** The commands of a block, one per line, without comments. A backslash at the end of a line continues it. */
export const commandsIn = (code: string): string[] =>
  code
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));

export const commandsToRun = (): Command[] =>
  blocksOf('sh').flatMap(({ file, line, block }) =>
    commandsIn(block.code).map((command) => ({
      ...{ file, line, command, code: Number(EXIT.exec(block.note)?.[1] ?? 0) },
    })),
  );
