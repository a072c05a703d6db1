import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { findProgram, temporaryDirectory } from '@phaselock/testkit';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

export const findChromium = (env: NodeJS.ProcessEnv = process.env): string | undefined => findProgram(NAMES, env);

export type Picture = { readonly page: string; readonly png: string; readonly width: number; readonly height: number };

/** Takes a screenshot of a page. The page has no script, so it is complete once it is loaded. */
export async function takePicture(chromium: string, { page, png, width, height }: Picture): Promise<void> {
  await using profile = await temporaryDirectory();
  const child = spawn(
    chromium,
    [
      '--headless',
      // Chromium has no sandbox as root. The page is generated here and loads nothing.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--hide-scrollbars',
      '--force-device-scale-factor=1',
      `--user-data-dir=${profile.path}`,
      `--window-size=${width},${Math.ceil(height)}`,
      `--screenshot=${png}`,
      pathToFileURL(page).href,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  if (code !== 0 || !existsSync(png)) throw new Error(`Chromium ended with ${code}: ${said}`);
}
