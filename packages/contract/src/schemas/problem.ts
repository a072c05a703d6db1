import { ERRORS, type ErrorCode } from '@phaselock/core';
import { z } from 'zod';
import { questionFields } from './session.ts';

const CODES = Object.keys(ERRORS).filter((code): code is ErrorCode => code in ERRORS);

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** RFC 9457. `title` is the text for the user; `detail` is for the developer of the client. */
export const problem = z
  .strictObject({
    type: z.string().meta({ description: 'Address of the page that explains the code' }),
    title: z.string(),
    status: z.int(),
    code: z.enum(CODES),
    detail: z.string().exactOptional(),
    requestId: z.string(),
    retryable: z.boolean(),
    issues: z
      .array(z.strictObject({ path: z.string(), message: z.string() }))
      .exactOptional()
      .meta({ description: 'All errors in the request' }),
    ...questionFields,
  })
  .meta({ id: 'Problem' });

export type Problem = z.output<typeof problem>;

export const problemType = (code: ErrorCode): string => `/errors/${code}`;
