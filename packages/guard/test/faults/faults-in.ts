import { auditOwnDatabase, type Finding } from '@phaselock/audit';

/** The findings of the audit in a database, except sessions that never had a process (SV302), which are normal here. */
export async function faultsIn(databaseUrl: string): Promise<readonly Finding[]> {
  const { findings } = await auditOwnDatabase(databaseUrl);
  return findings.filter(({ rule }) => rule !== 'SV302');
}
