import { checkConfig } from './checks.ts';
import { ConfigError } from './config-error.ts';
import { parseEndpoint } from './endpoint.ts';
import { type ConfigInput, DEFAULT_VHOST, type MillraceConfig } from './millrace-config.ts';
import { resolveConfig } from './resolve.ts';
import { joinPath } from './schema/describe.ts';
import { ENDPOINTS } from './schema/kinds.ts';
import { rootSchema } from './schema/root.ts';
import type { AnyBlock, AnyRepeated } from './schema/spec.ts';
import { validateValues } from './validate.ts';

/**
 * The configuration of a server inside another program: same defaults as a file, except that it
 * stays in the foreground, logs to the console, and has the default vhost when none is named.
 * @throws ConfigError naming the key path, e.g. `vhosts.live.hls.fragmentMs`.
 */
export function configFromObject(input: ConfigInput): MillraceConfig {
  if (!isRecord(input)) {
    throw new ConfigError('value', 'the configuration must be an object');
  }
  const vhosts = input.vhosts ?? { [DEFAULT_VHOST]: {} };
  if (!isRecord(vhosts)) {
    throw new ConfigError('value', 'vhosts must be an object of vhosts by name', {
      path: 'vhosts',
    });
  }
  const named = Object.entries(vhosts).map(([name, vhost]) => {
    if (!isRecord(vhost)) {
      const path = `vhosts.${name}`;
      throw new ConfigError('value', `${path} must be an object`, { path });
    }
    return { ...vhost, name };
  });
  const values = withEndpoints(rootSchema, { ...input, vhosts: named }, '');
  validateValues(values, 'key', () => undefined);
  const config = resolveConfig({
    ...values,
    process: { daemon: false, ...(values.process as object | undefined) },
    log: { tank: 'console', ...(values.log as object | undefined) },
  });
  checkConfig(config, {}, (_, field) => ({
    path: field.replace(/^vhosts\.(\d+)/, (_match, index) => `vhosts.${named[index]?.name}`),
    origin: undefined,
  }));
  return config;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A copy in which `1935` and `'127.0.0.1:1935'` are endpoint objects. */
function withEndpoints(
  block: AnyBlock | AnyRepeated,
  values: Readonly<Record<string, unknown>>,
  key: string,
): Record<string, unknown> {
  const copy: Record<string, unknown> = { ...values };
  for (const [field, spec] of Object.entries(block.fields)) {
    const value = values[field];
    const childKey = joinPath(key, field);
    if (value === undefined) {
      delete copy[field];
    } else if (spec.node === 'directive') {
      if (spec.kind === ENDPOINTS) {
        const list: readonly unknown[] = Array.isArray(value) ? value : [value];
        copy[field] = list.map((one) => toEndpoint(one, childKey));
      }
    } else if (spec.node === 'block' && isRecord(value)) {
      copy[field] = withEndpoints(spec, value, childKey);
    } else if (spec.node === 'repeated' && Array.isArray(value)) {
      copy[field] = value.map((one: unknown, index) =>
        isRecord(one) ? withEndpoints(spec, one, `${childKey}.${index}`) : one,
      );
    }
  }
  return copy;
}

function toEndpoint(value: unknown, key: string): unknown {
  if (typeof value !== 'number' && typeof value !== 'string') {
    return value;
  }
  const endpoint = parseEndpoint(String(value));
  if (!endpoint) {
    throw new ConfigError(
      'value',
      `${key}: "${value}" is no endpoint: write port, ip:port or [ipv6]:port`,
      { path: key },
    );
  }
  return endpoint;
}
