import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ServerError } from '../errors/server-error.ts';
import type { NativeAddon } from './boundary/engine.ts';

/** Where the build puts the addon, seen from both `src/native/` and `dist/native/`. */
const ADDON_URL = new URL('../../build/Release/millrace.node', import.meta.url);

/**
 * Loads the addon. Node.js keeps what was loaded, so that a second call costs nothing.
 * @throws ServerError `ADDON_UNUSABLE`.
 */
export function loadAddon(): NativeAddon {
  const path = fileURLToPath(ADDON_URL);
  try {
    return createRequire(import.meta.url)(path) as NativeAddon;
  } catch (cause) {
    throw new ServerError('ADDON_UNUSABLE', path, { cause });
  }
}
