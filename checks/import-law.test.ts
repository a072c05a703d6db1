import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findCircles } from './find-circles.ts';

const ROOT = resolve(import.meta.dirname, '..');

/** The packages of this repository that each package may import. The commit that adds a line gives the reason. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  access: ['core'],
  store: ['core'],
  locking: ['core'],
  cache: ['core'],
  telemetry: ['core'],
  settings: [],
  guard: ['cache', 'core', 'locking', 'store', 'telemetry'],
  contract: ['core'],
  archive: ['core', 'store'],
  audit: ['core'],
  rollout: ['core', 'store', 'telemetry'],
  // Rules and dashboards are generated from the metric catalogue and the limits of the rollout.
  monitoring: ['core', 'rollout', 'telemetry'],
  testkit: ['core', 'guard', 'store'],
  api: ['access', 'archive', 'contract', 'core', 'guard', 'rollout', 'settings', 'store', 'telemetry'],
  'verify-cli': ['archive', 'audit', 'core', 'store'],
  'rollout-cli': ['core', 'rollout', 'settings', 'store', 'telemetry'],
  'purge-worker': ['access', 'archive', 'core', 'guard', 'settings', 'store', 'telemetry'],
};

type Manifest = {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
};

const HOMES = globSync('{packages,apps}/*/package.json', { cwd: ROOT }).map((path) => dirname(path));
const nameOf = (path: string): string => path.split('/')[1] ?? '';
const manifestIn = (home: string): Manifest => JSON.parse(readFileSync(join(ROOT, home, 'package.json'), 'utf8'));
const manifestOf = (name: string): Manifest => manifestIn(HOMES.find((home) => nameOf(home) === name) ?? '');
const packages = HOMES.map(nameOf);
const apps = HOMES.filter((home) => home.startsWith('apps/')).map(nameOf);
const ours = (dependencies: Manifest['dependencies']): string[] =>
  Object.keys(dependencies ?? {})
    .filter((dependency) => dependency.startsWith('@phaselock/'))
    .map((dependency) => dependency.slice('@phaselock/'.length));

const IMPORT = /(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g;
type Import = { readonly file: string; readonly specifier: string };
const importsIn = (pattern: string): Import[] =>
  globSync(pattern, { cwd: ROOT }).flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORT)].map(([, specifier = '']) => ({ file, specifier })),
  );
const isTest = (file: string): boolean => file.endsWith('.test.ts');

describe('imports between packages', () => {
  test('every package has an entry in ALLOWED', () => {
    expect(packages.toSorted()).toEqual(Object.keys(ALLOWED).toSorted());
  });

  test.each(packages)('%s depends only on the packages that ALLOWED lists for it', (name) => {
    expect(ours(manifestOf(name).dependencies).filter((dependency) => !ALLOWED[name]?.includes(dependency))).toEqual(
      [],
    );
  });

  test('no package depends on an app', () => {
    expect(packages.filter((name) => ours(manifestOf(name).dependencies).some((used) => apps.includes(used)))).toEqual(
      [],
    );
  });

  test.each(packages)('%s has no devDependencies, which could hide a forbidden import', (name) => {
    expect(manifestOf(name).devDependencies).toBeUndefined();
  });

  test('only tests import testkit', () => {
    const strays = importsIn('{packages/!(testkit),apps/*}/src/**/*.ts').filter(
      ({ file, specifier }) => specifier === '@phaselock/testkit' && !isTest(file),
    );
    expect(strays).toEqual([]);
  });

  test('no import leaves its package or bypasses the entry point of another package', () => {
    const strays = importsIn('{packages,apps}/*/src/**/*.ts').filter(({ file, specifier }) => {
      if (specifier.startsWith('@phaselock/')) return specifier.split('/').length > 2;
      if (!specifier.startsWith('.')) return false;
      const home = file.split('/').slice(0, 2).join('/');
      return relative(home, join(dirname(file), specifier)).startsWith('..') && !isTest(file);
    });
    expect(strays).toEqual([]);
  });

  test('every package lists the packages it imports in its manifest', () => {
    const strays = importsIn('{packages,apps}/*/src/**/*.ts').filter(({ file, specifier }) => {
      const name = nameOf(file);
      const [, target] = /^@phaselock\/([a-z-]+)$/.exec(specifier) ?? [];
      return target !== undefined && !isTest(file) && !ours(manifestOf(name).dependencies).includes(target);
    });
    expect(strays).toEqual([]);
  });

  test('core imports only its own files', () => {
    expect(
      importsIn('packages/core/src/**/*.ts').filter(
        ({ file, specifier }) => !specifier.startsWith('.') && !isTest(file),
      ),
    ).toEqual([]);
  });
});

describe('imports between files', () => {
  const files = importsIn('{packages,apps}/*/{src,test}/**/*.ts').concat(
    importsIn('{bench,chaos,checks,loadtests,ops}/**/*.ts'),
  );
  const relativeImports = files
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ file, specifier }) => ({ file, imported: join(dirname(file), specifier) }));

  test('form no circle', () => {
    const importsOf = new Map<string, Set<string>>();
    for (const { file, imported } of relativeImports)
      importsOf.set(file, (importsOf.get(file) ?? new Set()).add(imported));
    expect(findCircles(importsOf)).toEqual([]);
  });

  test('lead from sources to no test program', () => {
    const inSources = ({ file }: { readonly file: string }) => /^(packages|apps)\/[^/]+\/src\//.test(file);
    const strays = relativeImports.filter(
      (one) => inSources(one) && !isTest(one.file) && /^(packages|apps)\/[^/]+\/test\/|\.test\.ts$/.test(one.imported),
    );
    expect(strays).toEqual([]);
  });

  test('test programs are in the test folder of their package, not among its sources', () => {
    expect(globSync('{packages,apps}/*/src/**/{proof,testing,chaos}/*', { cwd: ROOT })).toEqual([]);
  });
});
