import { judgeAnswer } from './judge-answers.ts';
import { judgeFence } from './judge-fence.ts';
import { judgeLateWord } from './judge-late-words.ts';
import { judgeBeginning, judgeHeartbeat } from './judge-leases.ts';
import { judgeList } from './judge-lists.ts';
import { judgeRepetition } from './judge-repetitions.ts';
import { judgeScope } from './judge-scopes.ts';
import { judgeUsage } from './judge-usage.ts';
import type { Judging } from './judging.ts';
import { learn } from './learn.ts';
import { rememberKeyed } from './memory.ts';
import type { Seen } from './seen.ts';

const JUDGES = [
  judgeAnswer,
  judgeHeartbeat,
  judgeBeginning,
  judgeLateWord,
  judgeFence,
  judgeScope,
  judgeRepetition,
  judgeUsage,
  judgeList,
];

/** Records a response in the memory of the walk, then checks it. */
export function hear(judging: Judging, seen: Seen): void {
  judging.catalogue.learn(seen);
  learn(judging.memory, seen);
  rememberKeyed(judging.memory, seen);
  judge(judging, seen);
}

/** Applies all checks that need only one response and what was known when its call was sent. */
function judge(judging: Judging, seen: Seen): void {
  for (const one of JUDGES) one(judging, seen);
}
