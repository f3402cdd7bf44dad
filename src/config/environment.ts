import { describeDirectives } from './schema/describe.ts';
import { nearestName } from './suggestion.ts';

/** Environment variables, as `process.env` holds them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that are read elsewhere than through the tables. */
const OTHER_NAMES = ['SRS_CONFIG_FILE', 'SRS_ENV_ONLY', 'SRS_DEVICE_IP'];

/** Container orchestrators describe a service called `srs` in variables that look like ours. */
const SERVICE_LINK = /_(?:SERVICE_HOST|SERVICE_PORT\w*|PORT(?:_\w+)?)$/;

/**
 * Warns of variables that begin as ours do and change nothing: a misspelt one, or one of a directive
 * that is read from the file alone. Such a variable is otherwise a switch that silently does nothing.
 */
export function unreadVariables(env: Environment): readonly string[] {
  const read = new Set(OTHER_NAMES);
  const fileOnly = new Map<string, string>();
  for (const { path, envNames } of describeDirectives()) {
    for (const name of envNames) {
      read.add(name);
    }
    if (envNames.length === 0) {
      fileOnly.set(`SRS_${path.replaceAll('.', '_').toUpperCase()}`, path);
    }
  }

  const warnings: string[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('SRS_') || !value || read.has(name) || SERVICE_LINK.test(name)) {
      continue;
    }
    const path = fileOnly.get(name);
    const nearest = nearestName(name, read);
    if (path !== undefined) {
      warnings.push(`environment ${name} is not read: ${path} can only be set in a file`);
    } else if (nearest !== undefined) {
      warnings.push(`environment ${name} is not read (did you mean "${nearest}"?)`);
    }
  }
  return warnings;
}
