import type { Hls } from '../../config/millrace-config.ts';
import type { HlsOptions } from '../../native/boundary.ts';

/**
 * HLS of a vhost as the engine takes it: the fields of the typed configuration, in `snake_case`.
 * `enabled` is left out: what is off is not handed over.
 */
export function hlsOptions({ enabled: _, ...hls }: Hls): HlsOptions {
  return Object.fromEntries(Object.entries(hls).map(([field, value]) => [snakeCase(field), value]));
}

function snakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
