import { z } from 'zod';

/** Text that PostgreSQL can store: any character except NUL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern must exclude NUL
const STORABLE = /^[^\u0000]*$/;

/** A name or a title: not blank, and limited in length. */
export const title = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/\S/, 'must not be blank')
    .regex(STORABLE, 'must not contain NUL')
    .refine((text) => text.isWellFormed(), 'must be well-formed Unicode');

export const text = (max: number) =>
  z
    .string()
    .max(max)
    .regex(STORABLE, 'must not contain NUL')
    .refine((value) => value.isWellFormed(), 'must be well-formed Unicode');

export const instant = z.string().meta({ format: 'date-time', description: 'ISO 8601, UTC' });
