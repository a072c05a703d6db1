import type { Distrust, Evidence, InstanceEvidence } from '../evidence/evidence.ts';
import type { Preconditions, Stages } from '../stages/stages.ts';
import { durationText } from './in-words.ts';
import type { FlagTruth, Hold, HoldReason } from './verdict.ts';

export type PreconditionsInput = {
  readonly stages: Stages;
  readonly evidence: Evidence;
  readonly expected: FlagTruth;
};

/** Returns what forbids a promotion now. With `from` equal to `to` it checks whether a bake may start. */
export function checkPreconditions({ stages, evidence, expected }: PreconditionsInput): Hold[] {
  const { preconditions, prometheus } = stages;
  // Without all answers the other evidence is misleading: an instance that was not read is not gone.
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

/** Holds if Prometheus has no samples from the start of the bake, which no gap between two samples shows. */
function notFromTheStart(instances: readonly InstanceEvidence[], { leastInstances }: Preconditions): Hold {
  const seen = instances.flatMap(({ firstSampleAt }) => firstSampleAt ?? []).toSorted((a, b) => a - b);
  const detail = `fewer than ${leastInstances} ${leastInstances === 1 ? 'instance was' : 'instances were'} seen when the bake began: the events before the first samples are unknown`;
  return hold('scrape_gap', null, detail, seen[leastInstances - 1] ?? null);
}

function ofFreshness(instance: InstanceEvidence, to: number, preconditions: Preconditions): Hold[] {
  const { instance: name, lastSampleAt, up } = instance;
  if (up === false) return [hold('instance_down', name, `${name} cannot be scraped`)];
  if (isFresh(instance, to, preconditions) && up === true) return [];
  // If processes may end, a pod may return under another name; the old one counts as ended.
  if (up === null && lastSampleAt !== null && preconditions.mostEndedProcesses > 0) return [];
  const since = lastSampleAt === null ? 'at all' : `for ${durationText(to - lastSampleAt)}`;
  // A removed instance does not return: the bake continues without it from now on.
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
  const detail = `${processes} may have ended or could not be seen within the bake (${names}): their last counts are unknown`;
  return [hold('process_ended', names, detail, Math.max(...ended.map(({ at }) => at)) + 1)];
}

function ofConvergence({ instance, flag }: InstanceEvidence, expected: FlagTruth, bounds: Preconditions): Hold[] {
  const { enabled, percent, version, readAgeSeconds, lastOtherwiseAt } = flag;
  if (enabled === null || percent === null || version === null || readAgeSeconds === null)
    return [hold('no_data', instance, `${instance} does not report the state of the flag`)];
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

/** Without its id, a process that is scraped under two names cannot be detected. */
function ofProcess({ instance, lastSampleAt, process }: InstanceEvidence): Hold[] {
  if (process !== null || lastSampleAt === null) return [];
  return [hold('no_data', instance, `${instance} does not report its process id (phaselock_build_info)`)];
}

/** Duplicated events would prove limits that the real number of events does not. */
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

/** Gates do not measure shed requests, so a healthy cohort may be only the part that was not shed. */
function ofRequests({ requests, to }: Evidence, { mostShedRequests }: Preconditions): Hold[] {
  const { answered, shed, untrusted } = requests;
  if (untrusted.length > 0) return ofDistrust('requests', untrusted, to);
  if (shed <= answered * mostShedRequests) return [];
  const detail = `${shed} of ${answered} requests were shed for overload within the bake, and no gate measured them`;
  return [hold('requests_shed', null, detail)];
}

/** Alerts that are not evaluated do not fire, so a missing watchdog means that other alerts may be missing. */
function ofWatchdog({ watchdogAt, to }: Evidence, { preconditions, prometheus }: Stages): Hold[] {
  const { watchdog, oldestSampleMs } = preconditions;
  // Alert rules may be evaluated only once a minute.
  if (
    watchdog === null ||
    (watchdogAt !== null && to - watchdogAt <= Math.max(oldestSampleMs, prometheus.longestGapMs))
  )
    return [];
  const detail = `the alert ${watchdog}, which must always fire, does not fire: other alerts may be missing too`;
  return [hold('watchdog_missing', watchdog, detail)];
}

function ofAudit({ audit, to }: Evidence, { oldestAuditMs, oldestSampleMs, mostAuditErrors }: Preconditions): Hold[] {
  const { lastRunAt, errors } = audit;
  if (lastRunAt === null || errors === null) return [hold('audit_missing', null, 'no audit has run')];
  // A time in the future would hide that the audit is out of date.
  if (lastRunAt - to > oldestSampleMs)
    return [
      hold(
        'clock',
        null,
        `the time of the last audit is ${durationText(lastRunAt - to)} in the future: a clock is wrong`,
      ),
    ];
  if (!(to - lastRunAt <= oldestAuditMs))
    return [hold('audit_stale', null, `the last audit ran ${durationText(to - lastRunAt)} ago`)];
  if (!(errors <= mostAuditErrors))
    return [hold('audit_errors', null, `the last audit found ${errors} ${errors === 1 ? 'error' : 'errors'}`)];
  return [];
}
