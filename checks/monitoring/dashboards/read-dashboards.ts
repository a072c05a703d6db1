import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';

const FOLDER = resolve(import.meta.dirname, '../../../ops/grafana/dashboards');

const step = z.object({ value: z.number().nullable(), color: z.string() });
const place = z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() });
const target = z.looseObject({
  refId: z.string(),
  expr: z.string(),
  legendFormat: z.string(),
  instant: z.boolean().optional(),
  exemplar: z.boolean().optional(),
  datasource: z.object({ uid: z.string() }),
});
const words = z.record(z.string(), z.object({ text: z.string(), color: z.string() }));
const row = z.looseObject({
  type: z.literal('row'),
  id: z.number(),
  title: z.string(),
  gridPos: place,
  collapsed: z.boolean(),
  panels: z.array(z.unknown()),
});
const panel = z.looseObject({
  type: z.enum(['stat', 'gauge', 'timeseries', 'table', 'state-timeline']),
  id: z.number(),
  title: z.string(),
  description: z.string(),
  gridPos: place,
  datasource: z.object({ uid: z.string() }),
  links: z.array(z.looseObject({ title: z.string(), url: z.string() })),
  targets: z.array(target),
  options: z.looseObject({ textMode: z.string().optional() }),
  transformations: z
    .array(z.object({ id: z.string(), options: z.looseObject({ renameByName: z.record(z.string(), z.string()) }) }))
    .optional(),
  fieldConfig: z.object({
    defaults: z.looseObject({
      unit: z.string(),
      decimals: z.number().optional(),
      min: z.number().optional(),
      max: z.number().optional(),
      noValue: z.string().optional(),
      thresholds: z.object({ steps: z.array(step) }),
      mappings: z.array(z.object({ type: z.literal('value'), options: words })).optional(),
      custom: z.looseObject({ stacking: z.looseObject({ mode: z.string().optional() }).optional() }).optional(),
    }),
    overrides: z.array(
      z.object({
        matcher: z.object({ id: z.string(), options: z.string() }),
        properties: z.array(z.object({ id: z.string(), value: z.unknown() })),
      }),
    ),
  }),
});
const variable = z.looseObject({
  name: z.string(),
  type: z.string(),
  label: z.string(),
  query: z.union([z.string(), z.looseObject({ query: z.string() })]).optional(),
  datasource: z.object({ uid: z.string() }).optional(),
  multi: z.boolean(),
  allValue: z.string().optional(),
  refresh: z.number().optional(),
  current: z.object({ value: z.union([z.string(), z.array(z.string())]) }).optional(),
});
const annotation = z.looseObject({
  name: z.string(),
  iconColor: z.string(),
  expr: z.string(),
  textFormat: z.string(),
  datasource: z.object({ uid: z.string() }),
});
const dashboard = z.looseObject({
  uid: z.string(),
  title: z.string(),
  description: z.string(),
  editable: z.boolean(),
  schemaVersion: z.number(),
  panels: z.array(z.discriminatedUnion('type', [row, panel])),
  templating: z.object({ list: z.array(variable) }),
  annotations: z.object({ list: z.array(annotation) }),
});

export type Dashboard = z.infer<typeof dashboard> & { readonly file: string };
export type Panel = z.infer<typeof panel>;
export type Row = z.infer<typeof row>;
export type Target = z.infer<typeof target>;

/** Reads the shipped files, as Grafana does, and not the plans they are generated from. */
export const readDashboards = (): Dashboard[] =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ ...dashboard.parse(JSON.parse(readFileSync(join(FOLDER, file), 'utf8'))), file }));

export const panelsOf = ({ panels }: Dashboard): Panel[] => panels.filter((one) => one.type !== 'row');
export const rowsOf = ({ panels }: Dashboard): Row[] => panels.filter((one) => one.type === 'row');
