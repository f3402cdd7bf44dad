import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { readMachineLimits, runsInDocker } from '../config/machine.ts';
import type { MillraceConfig } from '../config/millrace-config.ts';

/** Which configuration the command line asks for. */
export interface ConfigSource {
  readonly configFile: string | undefined;
  readonly envOnly: boolean;
}

/** Reads and checks the configuration of now. Throws ConfigError. */
export type ReadConfig = () => LoadedConfig;

/**
 * Reads configurations as they are seen from the directory in which the program was started: a reload
 * comes after the change to `work_dir`.
 */
export function configReader({ configFile, envOnly }: ConfigSource): ReadConfig {
  const startDir = process.cwd();
  return () =>
    loadConfig({
      file: configFile,
      envOnly,
      env: process.env,
      docker: runsInDocker(),
      machine: readMachineLimits(),
      readFile: (path) => readFileSync(resolve(startDir, path), 'utf8'),
    });
}

/** Whether the configuration asks for a process in the background. */
export function wantsBackground({ process: options }: MillraceConfig): boolean {
  const docker = options.inDocker || runsInDocker();
  return options.daemon && !(docker && options.disableDaemonForDocker);
}
