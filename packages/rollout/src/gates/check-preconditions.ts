import type { Distrust, Evidence, InstanceEvidence } from '../evidence/evidence.ts';
import type { Preconditions, Stages } from '../stages/stages.ts';
import { durationText } from './in-words.ts';
import type { FlagTruth, Hold, HoldReason } from './verdict.ts';

export type PreconditionsInput = {
  readonly stages: Stages;
  readonly evidence: Evidence;
  readonly expected: FlagTruth;
};

/** What forbids promoting now. Before a bake, over evidence whose `from` is its `to`: whether the bake may begin. */
export function checkPreconditions({ stages, evidence, expected }: PreconditionsInput): Hold[] {
  const { preconditions, prometheus } = stages;
  // Without all answers, what the others seem to say is misleading: an instance that was not read is not gone.
  if (evidence.refusals.length > 0)
    return evidence.refusals.map(({ query, why, detail }) =>
      hold('prometheus_unavailable', query, `Prometheus did not answer (${why}): ${detail}`),
    );
  return [
    ...ofInstances(evidence, preconditions),
    ...evidence.instances.flatMap((instance) => [
      ...ofFreshness(instance, evidence.to, preconditions),
      ...ofGaps(instance, prometheus.longestGapMs),
      ...ofConvergence(instance, expected, preconditions),
      ...ofProcess(instance),
    ]),
    ...ofDoubles(evidence),
    ...ofEndedProcesses(evidence, preconditions),
    ...ofCounts(evidence),
    ...ofRequests(evidence, preconditions),
    ...ofAudit(evidence, preconditions),
    ...ofWatchdog(evidence, stages),
    ...evidence.firing.map((alert) => hold('page_alert', alert, `the alert ${alert} of severity page fires`)),
  ];
}

const hold = (reason: HoldReason, about: string | null, detail: string, bakeFrom: number | null = null): Hold => ({
  reason,
  about,
  detail,
  bakeFrom,
});

const isFresh = ({ lastSampleAt }: InstanceEvidence, to: number, { oldestSampleMs }: Preconditions): boolean =>
  lastSampleAt !== null && to - lastSampleAt <= oldestSampleMs;

function ofInstances({ instances, to }: Evidence, preconditions: Preconditions): Hold[] {
  if (instances.length === 0) return [hold('no_data', null, 'Prometheus has no samples of any instance')];
  const fresh = instances.filter((instance) => isFresh(instance, to, preconditions) && instance.up !== false).length;
  const atStart = instances.filter((instance) => instance.atStart).length;
  const expected = Math.max(preconditions.leastInstances, atStart);
  if (fresh < expected)
    return [
      hold(
        'too_few_instances',
        null,
        `${fresh} of at least ${expected} ${expected === 1 ? 'instance is' : 'instances are'} seen`,
      ),
    ];
  return atStart < preconditions.leastInstances ? [notFromTheStart(instances, preconditions)] : [];
}

/** What is older than Prometheus keeps, or than Prometheus, is not known, and no gap between two samples shows it. */
function notFromTheStart(instances: readonly InstanceEvidence[], { leastInstances }: Preconditions): Hold {
  const seen = instances.flatMap(({ firstSampleAt }) => firstSampleAt ?? []).toSorted((a, b) => a - b);
  const detail = `fewer than ${leastInstances} ${leastInstances === 1 ? 'instance was' : 'instances were'} seen when the bake began: what happened before the first samples is not known`;
  return hold('scrape_gap', null, detail, seen[leastInstances - 1] ?? null);
}

function ofFreshness(instance: InstanceEvidence, to: number, preconditions: Preconditions): Hold[] {
  const { instance: name, lastSampleAt, up } = instance;
  if (up === false) return [hold('instance_down', name, `${name} cannot be scraped`)];
  if (isFresh(instance, to, preconditions) && up === true) return [];
  // Who accepts that processes end accepts that a pod comes back under another name; it is counted as one that ended.
  if (up === null && lastSampleAt !== null && preconditions.mostEndedProcesses > 0) return [];
  const since = lastSampleAt === null ? 'at all' : `for ${durationText(to - lastSampleAt)}`;
  // An instance that was taken away does not come back: the bake goes on without it from now on.
  return [hold('stale', name, `${name} has had no samples ${since}`, to)];
}

function ofGaps({ instance, longestGapMs, gapEndedAt }: InstanceEvidence, bound: number): Hold[] {
  if (longestGapMs <= bound) return [];
  return [hold('scrape_gap', instance, `${instance} was not seen for ${durationText(longestGapMs)}`, gapEndedAt)];
}

function ofEndedProcesses({ instances }: Evidence, { mostEndedProcesses }: Preconditions): Hold[] {
  const ended = instances.flatMap(({ instance, ended: times }) => times.map((at) => ({ instance, at })));
  if (ended.length <= mostEndedProcesses) return [];
  const names = [...new Set(ended.map(({ instance }) => instance))].join(', ');
  const processes = ended.length === 1 ? '1 process' : `${ended.length} processes`;
  const detail = `${processes} may have ended or could not be seen within the bake (${names}): what was counted last is not known`;
  return [hold('process_ended', names, detail, Math.max(...ended.map(({ at }) => at)) + 1)];
}

function ofConvergence({ instance, flag }: InstanceEvidence, expected: FlagTruth, bounds: Preconditions): Hold[] {
  const { enabled, percent, version, readAgeSeconds, lastOtherwiseAt } = flag;
  if (enabled === null || percent === null || version === null || readAgeSeconds === null)
    return [hold('no_data', instance, `${instance} does not say what it knows of the flag`)];
  if (!(readAgeSeconds * 1_000 <= bounds.oldestFlagReadMs))
    return [hold('flag_read_stale', instance, `${instance} last read its flags ${readAgeSeconds} s ago`)];
  if (enabled !== Number(expected.enabled) || percent !== expected.percent || version !== expected.version)
    return [
      hold(
        'not_converged',
        instance,
        `${instance} has version ${version} (${enabled === 1 ? `${percent} %` : 'off'}), the database version ${expected.version} (${expected.enabled ? `${expected.percent} %` : 'off'})`,
      ),
    ];
  if (lastOtherwiseAt === null) return [];
  const detail = `${instance} had another state of the flag, or an old one, within the bake`;
  return [hold('not_converged', instance, detail, lastOtherwiseAt + 1)];
}

/** Without its id, nobody knows whether a process is scraped under two names. */
function ofProcess({ instance, lastSampleAt, process }: InstanceEvidence): Hold[] {
  if (process !== null || lastSampleAt === null) return [];
  return [hold('no_data', instance, `${instance} does not say which process it is (phaselock_build_info)`)];
}

/** Twice as many events as there were prove what half of them would not. */
const ofDoubles = ({ doubled }: Evidence): Hold[] =>
  doubled.map(({ kind, instances, detail, overAt }) =>
    hold(kind === 'series' ? 'doubled_series' : 'same_process', instances.join(', '), detail, overAt),
  );

const REASON_OF_DISTRUST: Readonly<Record<Distrust['why'], HoldReason>> = {
  no_data: 'no_data',
  not_a_number: 'not_a_number',
  not_a_counter: 'untrusted_counts',
  beginning_unknown: 'untrusted_counts',
  ended_early: 'untrusted_counts',
  no_instance: 'untrusted_counts',
  impossible: 'untrusted_counts',
};

function ofCounts({ gates, to }: Evidence): Hold[] {
  return gates.flatMap((evidence) => {
    const untrusted = evidence.kind === 'counts' ? evidence.treatment.untrusted : evidence.untrusted;
    return ofDistrust(evidence.gate, untrusted, to);
  });
}

const ofDistrust = (about: string, untrusted: readonly Distrust[], to: number): Hold[] =>
  untrusted.map(({ why, detail }) =>
    hold(REASON_OF_DISTRUST[why], about, `${about}: ${detail}`, why === 'no_data' ? null : to),
  );

/** What is refused for overload never reaches what the gates count: a cohort that is well may be the part that came through. */
function ofRequests({ requests, to }: Evidence, { mostShedRequests }: Preconditions): Hold[] {
  const { answered, shed, untrusted } = requests;
  if (untrusted.length > 0) return ofDistrust('requests', untrusted, to);
  if (shed <= answered * mostShedRequests) return [];
  const detail = `${shed} of ${answered} requests were refused for overload within the bake, and no gate has measured them`;
  return [hold('requests_shed', null, detail)];
}

/** Alerts that are not evaluated do not fire. */
function ofWatchdog({ watchdogAt, to }: Evidence, { preconditions, prometheus }: Stages): Hold[] {
  const { watchdog, oldestSampleMs } = preconditions;
  // Rules may be evaluated no more often than once a minute.
  if (
    watchdog === null ||
    (watchdogAt !== null && to - watchdogAt <= Math.max(oldestSampleMs, prometheus.longestGapMs))
  )
    return [];
  const detail = `the alert ${watchdog}, which always fires, does not: no alert would tell of anything`;
  return [hold('watchdog_missing', watchdog, detail)];
}

function ofAudit({ audit, to }: Evidence, { oldestAuditMs, oldestSampleMs, mostAuditErrors }: Preconditions): Hold[] {
  const { lastRunAt, errors } = audit;
  if (lastRunAt === null || errors === null) return [hold('audit_missing', null, 'no audit has run')];
  // One that is said to have run tomorrow would not be stale for a day longer than it may.
  if (lastRunAt - to > oldestSampleMs)
    return [
      hold(
        'clock',
        null,
        `the last audit is said to have run ${durationText(lastRunAt - to)} from now: a clock is wrong`,
      ),
    ];
  if (!(to - lastRunAt <= oldestAuditMs))
    return [hold('audit_stale', null, `the last audit ran ${durationText(to - lastRunAt)} ago`)];
  if (!(errors <= mostAuditErrors))
    return [hold('audit_errors', null, `the last audit found ${errors} ${errors === 1 ? 'error' : 'errors'}`)];
  return [];
}
