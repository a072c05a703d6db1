import { z } from 'zod';

const level = z.enum(['none', 'note', 'warning', 'error']);
const message = z.strictObject({ text: z.string() });

/**
 * The part of the JSON schema of SARIF 2.1.0 that a report uses. Objects are strict, because that schema allows no
 * further properties in them, except in a property bag.
 */
export const sarifSchema = z.strictObject({
  $schema: z.url(),
  version: z.literal('2.1.0'),
  runs: z.array(
    z.strictObject({
      tool: z.strictObject({
        driver: z.strictObject({
          name: z.string(),
          version: z.string(),
          rules: z.array(
            z.strictObject({
              id: z.string(),
              name: z.string(),
              shortDescription: message,
              fullDescription: message,
              help: message,
              defaultConfiguration: z.strictObject({ level }),
            }),
          ),
        }),
      }),
      properties: z.record(z.string(), z.unknown()),
      invocations: z.array(
        z.strictObject({
          executionSuccessful: z.boolean(),
          exitCode: z.int(),
          toolExecutionNotifications: z.array(z.strictObject({ level, message })),
        }),
      ),
      results: z.array(
        z.strictObject({
          ruleId: z.string(),
          ruleIndex: z.int().min(-1),
          level,
          message,
          partialFingerprints: z.record(z.string(), z.string()),
          properties: z.strictObject({ repair: z.string().nullable(), repairNote: z.string().nullable() }).optional(),
          locations: z.array(
            z.strictObject({
              logicalLocations: z.array(
                z.strictObject({ name: z.string(), kind: z.string(), fullyQualifiedName: z.string() }),
              ),
            }),
          ),
        }),
      ),
    }),
  ),
});
