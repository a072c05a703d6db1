import { z } from 'zod';
import { instant } from './text.ts';

export const announcement = z
  .strictObject({
    id: z.int().min(1),
    flag: z.string().meta({ description: 'The flag it is about' }),
    kind: z.enum(['stage', 'off', 'note']).meta({
      description: '`stage`: on for a share of the users; `off`: off for all users; `note`: another notice',
    }),
    percent: z.number().meta({ description: 'Share of the users when it was published' }),
    text: z.string().meta({ description: 'Text for users, to be shown unchanged' }),
    active: z.boolean().meta({ description: 'False once it was withdrawn, or the flag has another share or is off' }),
    publishedAt: instant,
    withdrawnAt: instant.nullable(),
  })
  .meta({ id: 'Announcement' });
