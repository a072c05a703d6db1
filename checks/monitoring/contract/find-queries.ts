import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { queriesInMarkdown } from './queries-in-markdown.ts';
import { queriesInStages } from './queries-in-stages.ts';
import { queriesInYaml } from './queries-in-yaml.ts';
import type { Query } from './query.ts';

export const ROOT = resolve(import.meta.dirname, '../../..');

export type Place = 'rules' | 'dashboards' | 'stages' | 'runbooks' | 'documents';

/** The files that contain queries, and how queries are read from them. */
const PLACES: Readonly<Record<Place, { readonly files: string; readonly read: Reader }>> = {
  rules: { files: 'ops/prometheus/*.{rules,alerts}.yml', read: queriesInYaml },
  dashboards: { files: 'ops/grafana/dashboards/*.json', read: queriesInYaml },
  stages: { files: 'ops/rollout/stages.yml', read: queriesInStages },
  runbooks: { files: 'ops/runbooks/*.md', read: queriesInMarkdown },
  documents: { files: 'docs/*.md', read: queriesInMarkdown },
};

type Reader = (file: string, text: string) => readonly Query[];

export const PLACE_NAMES = ['rules', 'dashboards', 'stages', 'runbooks', 'documents'] as const satisfies Place[];

export const filesOf = (place: Place): string[] => globSync(PLACES[place].files, { cwd: ROOT }).toSorted();

export const queriesOf = (place: Place): Query[] =>
  filesOf(place).flatMap((file) => PLACES[place].read(file, readFileSync(join(ROOT, file), 'utf8')));
