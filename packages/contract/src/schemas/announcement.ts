import { z } from 'zod';
import { instant } from './text.ts';

export const announcement = z
  .strictObject({
    id: z.int().min(1),
    flag: z.string().meta({ description: 'What it is about' }),
    kind: z.enum(['stage', 'off', 'note']).meta({
      description: '`stage`: it is on for a share of the users; `off`: it is off for everybody; `note`: besides',
    }),
    percent: z.number().meta({ description: 'Of the users, when it was published' }),
    text: z.string().meta({ description: 'For users, as it is' }),
    active: z
      .boolean()
      .meta({ description: 'True now: false once it was withdrawn, or the flag is at another share, or off' }),
    publishedAt: instant,
    withdrawnAt: instant.nullable(),
  })
  .meta({ id: 'Announcement' });
