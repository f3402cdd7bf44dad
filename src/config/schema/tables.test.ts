import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { configJsonSchema } from '../validate.ts';
import { describeDirectives, envNames } from './describe.ts';
import { toJsonSchema } from './json-schema.ts';
import { rootSchema } from './root.ts';
import type { AnyBlock, AnyRepeated } from './spec.ts';

const rows = describeDirectives();

function blocksIn(block: AnyBlock | AnyRepeated): readonly (AnyBlock | AnyRepeated)[] {
  const inner = Object.values(block.fields).flatMap((spec) =>
    spec.node === 'directive' ? [] : blocksIn(spec),
  );
  return [block, ...inner];
}

describe('tables', () => {
  it('hold every directive once, but for the one that means two things', () => {
    const paths = rows.map(({ path }) => path);
    const twice = paths.filter((path, at) => paths.indexOf(path) !== at);
    expect(twice).toEqual(['vhost.min_latency']);
  });

  it.each(rows)('$path is documented in a sentence', ({ spec }) => {
    expect(spec.doc).toMatch(/^[A-Z`0-9].*\.$/);
  });

  it.each(rows.filter(({ spec }) => spec.default === undefined))(
    '$path has no default and says why, or is required',
    ({ spec }) => {
      const required = ['caster', 'output', 'ffmpeg', 'backend'];
      expect(spec.defaultText !== undefined || required.includes(spec.name)).toBe(true);
    },
  );

  it('have defaults that they would take from an object', () => {
    const ajv = new Ajv();
    for (const { spec, path } of rows) {
      if (spec.default !== undefined) {
        expect(ajv.validate(toJsonSchema(spec), spec.default), path).toBe(true);
      }
    }
  });

  it('put `enabled` first, so that it is known before what depends on it', () => {
    for (const { fields, name } of blocksIn(rootSchema)) {
      const at = Object.keys(fields).indexOf('enabled');
      expect(at, name).toBeLessThanOrEqual(0);
    }
  });

  it('make a JSON Schema that is one', () => {
    expect(() => new Ajv({ strict: true }).compile(configJsonSchema())).not.toThrow();
  });

  it('give no environment variable to two unrelated directives', () => {
    const owners = new Map<string, string[]>();
    for (const row of rows) {
      for (const name of row.envNames) {
        owners.set(name, [...(owners.get(name) ?? []), row.path]);
      }
    }
    const shared = [...owners].filter(([, paths]) => new Set(paths).size > 1);
    expect(shared).toEqual([['SRS_VHOST_CHUNK_SIZE', ['rtmp.chunk_size', 'vhost.chunk_size']]]);
  });
});

describe('envNames', () => {
  it('joins the path and keeps repeated words', () => {
    expect(envNames('vhost.hls.hls_fragment', { also: [] })).toEqual([
      'SRS_VHOST_HLS_HLS_FRAGMENT',
    ]);
  });

  it('looks at aliases after the plain name', () => {
    expect(envNames('srs_log_tank', { also: ['SRS_LOG_TANK'] })).toEqual([
      'SRS_SRS_LOG_TANK',
      'SRS_LOG_TANK',
    ]);
  });

  it('has none where the rule says so', () => {
    expect(envNames('vhost.cluster.mode', 'none')).toEqual([]);
  });
});
