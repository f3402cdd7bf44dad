/** Formats of live streams over HTTP, as the extension of their mount names them. */
export const LIVE_FORMATS = ['flv', 'ts', 'aac', 'mp3'] as const;
export type LiveFormat = (typeof LIVE_FORMATS)[number];

/** The format of a mount; undefined when its extension names none. */
export function mountFormat(mount: string): LiveFormat | undefined {
  const extension = /\.([a-z0-9]+)$/i.exec(mount)?.[1]?.toLowerCase();
  return LIVE_FORMATS.find((format) => format === extension);
}

/** Why no stream could be found under a mount; undefined for a good one. */
export function mountFault(mount: string): string | undefined {
  if (!mountFormat(mount)) {
    return `"${mount}" ends with none of ${LIVE_FORMATS.map((format) => `.${format}`).join(', ')}`;
  }
  if (!mount.includes('[stream]')) {
    return `"${mount}" holds no [stream]`;
  }
  if (/\[app\]\[stream\]|\[stream\]\[app\]/.test(mount)) {
    return `"${mount}" has nothing between [app] and [stream]`;
  }
  return undefined;
}
