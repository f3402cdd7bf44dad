import { accessSync, constants, readFileSync } from 'node:fs';
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
  const fromStart = (path: string): string => resolve(startDir, path);
  return () => {
    const loaded = loadConfig({
      file: configFile,
      envOnly,
      env: process.env,
      docker: runsInDocker(),
      machine: {
        ...readMachineLimits(),
        canRead: (path, workDir) => isReadable(resolve(startDir, workDir, path)),
      },
      readFile: (path) => readFileSync(fromStart(path), 'utf8'),
    });
    return { ...loaded, files: loaded.files.map(fromStart) };
  };
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    // Missing, or not for us: the caller says which file it is.
    return false;
  }
}

/** Whether the configuration asks for a process in the background. */
export function wantsBackground({ process: options }: MillraceConfig): boolean {
  return options.daemon && !(inContainer(options) && options.disableDaemonForDocker);
}

/** Whether a change of the configuration file is to be taken over without a signal. */
export function wantsWatch({ process: options }: MillraceConfig): boolean {
  return options.inotifyAutoReload || (inContainer(options) && options.autoReloadForDocker);
}

function inContainer({ inDocker }: MillraceConfig['process']): boolean {
  return inDocker || runsInDocker();
}
