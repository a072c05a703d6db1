import { temporaryDirectory } from '@phaselock/testkit';
import { burnDown } from './burn-down.ts';
import { removeOldSeals, restoreAfter, unknownObjects } from './restore-after.ts';

/** The restore rehearsal as a command. It checks the same as rehearsal.test.ts and prints the measured times. */
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const started = performance.now();
const tell = (what: string): void => console.log(`${seconds(performance.now() - started).padStart(8)}  ${what}`);
let failed = 0;
const hold = (what: string, held: boolean, detail = ''): void => {
  if (!held) failed += 1;
  tell(`${held ? '✓' : '✗'} ${what}${held ? '' : `\n${detail}`}`);
};

await using directory = await temporaryDirectory();
const remains = await burnDown(directory.path, tell);
const { acknowledged, archivedAnswers, backup, mishap } = remains;
tell(
  `the machine is destroyed: ${acknowledged.length} answers were given, ${archivedAnswers} of them before the end of the archive`,
);
tell(`the base backup: ${Math.round(backup.bytes / 1e6)} MB in ${seconds(backup.tookMs)}`);

{
  await using restored = await restoreAfter(remains, 'to-the-end', { kind: 'end' });
  const { copyMs, recoverMs, apiMs } = restored.times;
  tell(
    `restored to the end. RTO ${seconds(copyMs + recoverMs + apiMs)}: copy ${seconds(copyMs)}, recovery ${seconds(recoverMs)}, API ready ${seconds(apiMs)}`,
  );
  const lost = acknowledged.filter(({ session }) => !restored.known.has(session));
  const early = acknowledged.slice(0, archivedAnswers).filter(({ session }) => !restored.known.has(session));
  hold(`nothing acknowledged before the end of the archive is lost (${archivedAnswers} checked)`, early.length === 0);
  const oldest = Math.min(remains.destroyedAt, ...lost.map(({ answeredAt }) => answeredAt));
  tell(`RPO ${seconds(remains.destroyedAt - oldest)}: ${lost.length} of ${acknowledged.length} answers are lost`);
  const audit = await restored.service.audit();
  hold(`verify-sessions --all --deep is clean, in ${seconds(audit.tookMs)}`, audit.exitCode === 0, audit.said);
}
{
  await using restored = await restoreAfter(remains, 'to-a-time', { kind: 'time', at: mishap.at });
  const { copyMs, recoverMs, apiMs } = restored.times;
  tell(
    `restored to ${mishap.at}: copy ${seconds(copyMs)}, recovery ${seconds(recoverMs)}, API ready ${seconds(apiMs)}`,
  );
  const at = Date.parse(mishap.at);
  const before = acknowledged.filter(({ answeredAt }) => answeredAt < at);
  const after = acknowledged.filter(({ sentAt }) => sentAt > at);
  hold(
    `all ${before.length} answers from before that time are kept`,
    before.every(({ session }) => restored.known.has(session)),
  );
  hold(
    `none of the ${after.length} answers from after that time is kept`,
    after.every(({ session }) => !restored.known.has(session)),
  );
  await removeOldSeals(restored.archive, remains.lastSeal);
  const { exitCode, said } = await restored.service.purgeWorker('store');
  hold('the purge worker refuses the store, which is newer than the database', exitCode === 4, said);
  const adopted = await restored.service.purgeWorker('store', 'adopt', '--reason', 'the database was restored');
  hold('store adopt reads each object and accepts the store', adopted.exitCode === 0, adopted.said);
  const run = await restored.service.purgeNow('archive-and-purge');
  tell(run.said.trim());
  const audit = await restored.service.audit();
  hold(`verify-sessions --all --deep is clean, in ${seconds(audit.tookMs)}`, audit.exitCode === 0, audit.said);
  tell(`${(await unknownObjects(restored)).length} objects belong to sessions that are not in this database`);
}
process.exitCode = failed === 0 ? 0 : 1;
