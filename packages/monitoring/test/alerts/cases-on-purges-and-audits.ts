import { HOUR, MINUTE } from '../../src/rules/durations.ts';
import { type AlertCases, caseAt, type Given, NOTHING, ofApi, ofWorker } from './alert-case.ts';

const purges = (): AlertCases[] => {
  const seven = caseAt(7 * HOUR);
  const day = caseAt(27 * HOUR);
  const soon = caseAt(20 * MINUTE);
  const oldest = ofWorker('phaselock_archive_oldest_unfinished_run_start_timestamp_seconds');
  const outcome = (stalled: string): Given => ({
    [ofWorker('phaselock_archive_last_run_outcome', { outcome: 'stalled' })]: stalled,
    [ofWorker('phaselock_archive_last_run_outcome', { outcome: 'succeeded' }, 'v')]: '0x40',
  });
  const success = ofWorker('phaselock_archive_last_success_timestamp_seconds');
  const up = ofWorker('up');
  const letters = ofWorker('phaselock_archive_dead_letters');
  const due = ofWorker('phaselock_archive_oldest_due_age_seconds');
  return [
    {
      alert: 'PhaselockPurgeSlow',
      step: 5 * MINUTE,
      cases: [
        seven('fires', 'a run began six and a half hours ago', 1, { [oldest]: '1800x90' }),
        seven('does not', 'the run ended', 0, { [oldest]: '1800x60 stale' }),
        seven('just below', 'almost six hours ago', 0, { [oldest]: '3700x90' }),
        seven('no data', 'no run, or no database', 0, NOTHING),
        seven('more', 'the oldest run counts, whichever worker reports it', 1, {
          [oldest]: '1800x90',
          [ofWorker('phaselock_archive_oldest_unfinished_run_start_timestamp_seconds', {}, 'v')]: '20000x90',
        }),
      ],
    },
    {
      alert: 'PhaselockPurgeHung',
      step: 30,
      cases: [
        soon('fires', 'the run has stalled', 1, outcome('1x60')),
        soon('does not', 'the run succeeded', 0, outcome('0x60')),
        soon('just below', 'for four minutes', 0, outcome('0x32 1x20')),
        soon('no data', 'no run, or no database', 0, NOTHING),
      ],
    },
    {
      alert: 'PhaselockPurgeNeverRan',
      step: 15 * MINUTE,
      cases: [
        day('fires', 'the last success is more than 26 hours old', 1, { [success]: '1000x120', [up]: '1x120' }),
        day('does not', 'the last success was last night', 0, { [success]: '1000x80 80000x40', [up]: '1x120' }),
        day('just below', 'almost 26 hours ago', 0, { [success]: `${HOUR + 100}x120`, [up]: '1x120' }),
        day('no data', 'no worker: that is another alert', 0, NOTHING),
        day('more', 'no success, though a worker has been up for longer', 1, { [up]: '1x120' }),
        day('more', 'no success, with a worker that was restarted in between', 1, { [up]: '1x90 0x1 1x30' }),
        day('more', 'no success, because the worker was installed recently', 0, { [up]: '_x20 1x100' }),
        day('more', 'the last value from before a database outage counts', 0, {
          [success]: '1000x40 80000x40 stale',
          [up]: '1x120',
        }),
        day('more', 'two workers, one of which read the last success later', 0, {
          [success]: '1000x120',
          [ofWorker('phaselock_archive_last_success_timestamp_seconds', {}, 'v')]: '80000x120',
        }),
      ],
    },
    {
      alert: 'PhaselockPurgeDeadLetters',
      step: 30,
      cases: [
        soon('fires', 'two workers report the same three', 1, {
          [letters]: '3x60',
          [ofWorker('phaselock_archive_dead_letters', {}, 'v')]: '3x60',
        }),
        soon('does not', 'none', 0, { [letters]: '0x60' }),
        soon('just below', 'for four minutes', 0, { [letters]: '0x32 1x20' }),
        soon('no data', 'no database', 0, NOTHING),
      ],
    },
    {
      alert: 'PhaselockPurgeBacklogOld',
      step: 30,
      cases: [
        soon('fires', 'more than two days', 1, { [due]: '172900+30x60' }),
        soon('does not', 'an hour', 0, { [due]: '3600+30x60' }),
        soon('just below', 'almost two days', 0, { [due]: '171000+30x60' }),
        soon('no data', 'nothing is due', 0, NOTHING),
      ],
    },
  ];
};

const audits = (): AlertCases[] => {
  const soon = caseAt(10 * MINUTE);
  const day = caseAt(27 * HOUR);
  const found = (severity: string, values: string, instance = 'a'): Given => ({
    [ofApi('phaselock_audit_findings', { severity }, instance)]: values,
  });
  const foundSince = (severity: string, values: string): Given => ({
    [ofApi('phaselock_audit_incremental_findings', { severity })]: values,
  });
  const last = ofApi('phaselock_audit_last_run_timestamp_seconds');
  return [
    {
      alert: 'PhaselockAuditFindings',
      step: 15,
      cases: [
        soon('fires', 'two instances report the same error', 1, {
          ...found('error', '0x20 1x40'),
          ...found('error', '0x22 1x40', 'b'),
        }),
        soon('does not', 'warnings alone', 0, { ...found('error', '0x60'), ...found('warning', '9x60') }),
        soon('just below', 'known for half a minute', 0, found('error', '0x38 1x40')),
        soon('no data', 'no audit yet', 0, NOTHING),
        soon('more', 'only the incremental audit found the error', 1, {
          ...found('error', '0x60'),
          ...foundSince('error', '0x20 1x40'),
        }),
        soon('more', 'both found errors, which is one alert', 1, {
          ...found('error', '2x60'),
          ...foundSince('error', '1x60'),
        }),
        soon('more', 'only warnings of the incremental audit', 0, foundSince('warning', '9x60')),
      ],
    },
    {
      alert: 'PhaselockAuditStale',
      step: 15 * MINUTE,
      cases: [
        day('fires', 'more than 26 hours ago', 1, { [last]: '100x120' }),
        day('does not', 'last night', 0, { [last]: '100x40 80000x80' }),
        day('just below', 'almost 26 hours ago', 0, { [last]: `${HOUR + 100}x120` }),
        day('no data', 'no audit yet', 0, NOTHING),
      ],
    },
  ];
};

export const PURGE_AND_AUDIT_CASES: readonly AlertCases[] = [...purges(), ...audits()];
