import type { Log as LogConfig } from '../config/millrace-config.ts';
import { ConsoleSink } from './console-sink.ts';
import { FileSink } from './file-sink.ts';

/**
 * Opens what the configuration names as the place of log lines.
 * @throws ServerError `LOG_FILE_UNUSABLE`.
 */
export function openSink({ tank, file }: LogConfig): ConsoleSink | FileSink {
  return tank === 'console' ? new ConsoleSink() : new FileSink(file);
}
