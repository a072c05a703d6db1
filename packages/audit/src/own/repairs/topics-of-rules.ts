import type { Finding } from '../../finding.ts';
import type { RuleId } from '../../rules.ts';
import type { Topic } from './session-changes.ts';

const TURNS = ['turns', 'conversation', 'model'] as const;

/** A rule that is not listed compares something else than a session with its events. */
const TOPICS_OF_RULES: Readonly<Partial<Record<RuleId, readonly Topic[]>>> = {
  SV101: TURNS,
  SV102: TURNS,
  SV103: TURNS,
  SV104: TURNS,
  SV105: TURNS,
  SV106: ['birth'],
  SV107: TURNS,
  SV109: TURNS,
  SV201: ['birth', 'end', 'turns'],
  SV202: ['birth', 'end'],
  SV203: ['birth', 'end'],
  SV204: ['end'],
  SV205: ['birth'],
  SV206: ['end', 'turns'],
  SV207: ['state'],
  SV208: ['turns', 'birth', 'end'],
  SV209: ['birth'],
  SV210: ['end'],
  SV211: ['turns'],
  SV213: ['birth', 'end', 'state', 'turns'],
  SV214: ['birth', 'model', 'turns'],
  SV215: ['model', 'turns'],
  SV216: ['state', 'turns'],
  SV217: ['state', 'turns'],
  SV301: ['birth', 'turns'],
  SV305: ['usage'],
  SV306: ['version'],
  SV401: TURNS,
  SV402: TURNS,
  SV404: ['state'],
  SV406: TURNS,
  SV602: ['birth', 'model', 'turns'],
};

export const rulesOfSessions: ReadonlySet<string> = new Set(Object.keys(TOPICS_OF_RULES));

/** The changes of a session that can end a finding. */
export const topicsOfFinding = ({ rule, subject }: Finding): readonly Topic[] | undefined =>
  rule === 'SV602' && subject.kind === 'process' ? ['turns'] : TOPICS_OF_RULES[rule];
