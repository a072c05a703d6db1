import { finding } from '@phaselock/audit';
import { expect, test } from 'vitest';
import { aClosing, anOpening } from '../../test/a-report.ts';
import { sarifSchema } from '../../test/sarif-schema.ts';
import { sarif } from './sarif.ts';

test('follows the schema of SARIF 2.1.0, with the version and the outcome of the audit', () => {
  const one = finding('SV402', { task_id: 't' }, { kind: 'session', id: 's', message: 'it names another' });
  const summary = {
    truncated: true,
    cutOff: ['SV201'],
    incomplete: [{ rules: ['SV501'], why: 'the time limit was reached' }],
  } as const;
  const text = sarif({
    opening: anOpening,
    findings: [one],
    closing: aClosing({ summary, notes: ['known.json was not changed'], exitCode: 1 }),
  });
  const [run] = sarifSchema.parse(JSON.parse(text)).runs;
  expect(run?.tool.driver.version).toBe('1.2.3');
  expect(run?.properties).toMatchObject({ read: { sessions: 2, processes: 3, events: 8, archives: 0 } });
  expect(run?.results.map(({ ruleIndex }) => run.tool.driver.rules[ruleIndex]?.id)).toEqual(['SV402']);
  expect(run?.invocations).toEqual([
    {
      executionSuccessful: false,
      exitCode: 1,
      toolExecutionNotifications: [
        { level: 'error', message: { text: 'SV501: the time limit was reached' } },
        { level: 'warning', message: { text: 'cut off by --max-findings: SV201' } },
        { level: 'note', message: { text: 'known.json was not changed' } },
      ],
    },
  ]);
});

test('an audit that ran to its end was successful, whatever it found', () => {
  const [run] = sarifSchema.parse(JSON.parse(sarif({ opening: anOpening, findings: [], closing: aClosing() }))).runs;
  expect(run?.invocations).toEqual([{ executionSuccessful: true, exitCode: 0, toolExecutionNotifications: [] }]);
});

test('an audit with more infos than are listed was successful, and a note counts the others', () => {
  const summary = { moreInfos: 3, infosLeftOut: [{ rule: 'SV302', count: 3 }] } as const;
  const text = sarif({ opening: anOpening, findings: [], closing: aClosing({ summary }) });
  const [run] = sarifSchema.parse(JSON.parse(text)).runs;
  expect(run?.invocations).toEqual([
    {
      executionSuccessful: true,
      exitCode: 0,
      toolExecutionNotifications: [
        { level: 'note', message: { text: '3 infos of SV302 not listed because of --max-findings' } },
      ],
    },
  ]);
});
