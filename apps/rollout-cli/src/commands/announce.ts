import { UnknownFlag } from '@phaselock/rollout';
import { announceNote, listAnnouncements, withdrawAnnouncement } from '@phaselock/store';
import type { Rollout } from '../open-rollout.ts';
import type { Command } from '../read-arguments.ts';
import type { Report } from '../report.ts';

const SHOWN = 50;

/** Publishes, withdraws or lists announcements to users, besides those of stages, aborts and kills. */
export async function announce(
  { database }: Rollout,
  { flag, text, withdraw }: Command & { kind: 'announce' },
): Promise<Report> {
  const told = await act();
  const announcements = await listAnnouncements(database.kysely, { flag }, { limit: SHOWN });
  return { command: 'announce', flag, announcements, ...told };

  async function act(): Promise<Pick<Report, 'outcome' | 'told' | 'error'>> {
    if (withdraw !== undefined) {
      if (await withdrawAnnouncement(database.kysely, withdraw))
        return { outcome: 'pass', told: `announcement ${withdraw} is withdrawn` };
      const message = `there is no announcement ${withdraw}, or it was withdrawn before`;
      return { outcome: 'error', told: message, error: { code: 'no-announcement', message } };
    }
    if (text === undefined) return { outcome: 'pass', told: `the announcements for ${flag}` };
    const id = await announceNote(database.kysely, { flag, text });
    if (id === undefined) throw new UnknownFlag(`there is no flag ${flag}`);
    return { outcome: 'pass', told: `announcement ${id} is published; it stays until it is withdrawn` };
  }
}
