import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { rolldown } from 'rolldown';

/**
 * Packs verify-sessions as one file that runs with Node 20 and later: `npx ./verify-sessions-<version>.tgz --all
 * --database …`. Prints the path of the file.
 */
const ROOT = resolve(import.meta.dirname, '..');
const target = resolve(process.argv[2] ?? '.');
const { version, license } = JSON.parse(readFileSync(join(ROOT, 'apps/verify-cli/package.json'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'verify-sessions-'));
try {
  const bundle = await rolldown({
    input: join(ROOT, 'apps/verify-cli/src/main.ts'),
    platform: 'node',
    transform: { target: 'node20', define: { PACKED_RELEASE: JSON.stringify(version) } },
    // Left out: the embedded server, the archive with its SDK, and optional dependencies of pg.
    external: ['@phaselock/store', '@phaselock/archive', 'pg-native', 'pg-cloudflare'],
  });
  await bundle.write({
    file: join(folder, 'verify-sessions.mjs'),
    format: 'esm',
    banner: `#!/usr/bin/env node\n${readFileSync(join(ROOT, 'checks/older-node.js'), 'utf8')}`,
    minify: true,
    codeSplitting: false,
  });
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify(
      {
        name: 'verify-sessions',
        version,
        license,
        description: 'Proves from the database that coding-agent sessions followed their model changes.',
        type: 'module',
        bin: { 'verify-sessions': 'verify-sessions.mjs' },
        engines: { node: '>=20.11' },
        files: ['verify-sessions.mjs', 'verify-sessions.schema.json'],
      },
      null,
      2,
    )}\n`,
  );
  copyFileSync(join(ROOT, 'docs/verify-sessions.md'), join(folder, 'README.md'));
  copyFileSync(join(ROOT, 'docs/verify-sessions.schema.json'), join(folder, 'verify-sessions.schema.json'));
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
  mkdirSync(target, { recursive: true });
  const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', target], {
    cwd: folder,
    encoding: 'utf8',
  });
  console.log(join(target, packed.trim()));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
