import { afterEach, describe, expect, it } from 'vitest';
import type { MillraceConfig } from '../../config/millrace-config.ts';
import { candidateValues, findCandidateHosts, parseHost } from './candidates.ts';

type Rtc = MillraceConfig['rtcServer'];
const base = {
  candidate: '*',
  useAutoDetectNetworkIp: true,
  ipFamily: 'ipv4',
  apiAsCandidates: true,
  resolveApiDomain: true,
  keepApiDomain: false,
} as Rtc;
const sources = {
  interfaces: () => ['192.0.2.1', '2001:db8::1', '198.51.100.7'],
  resolve: async (name: string) =>
    name === 'media.example' ? ['203.0.113.9'] : Promise.reject(new Error('none')),
};
const find = async (rtc: Partial<Rtc>, asked: string[] = [], host = '127.0.0.1') =>
  (await findCandidateHosts({ ...base, ...rtc }, asked, host, sources)).map(
    ({ host: one, port }) => (port === undefined ? one : `${one} ${port}`),
  );

describe('findCandidateHosts', () => {
  afterEach(() => {
    delete process.env.TEST_CANDIDATE;
  });

  it('finds the interfaces of the wanted family', async () => {
    expect(await find({})).toEqual(['192.0.2.1', '198.51.100.7']);
    expect(await find({ ipFamily: 'ipv6' })).toEqual(['2001:db8::1']);
    expect(await find({ ipFamily: 'all' })).toHaveLength(3);
  });

  it('puts first what the client asks for', async () => {
    expect(await find({}, ['10.1.2.3:9000', '10.1.2.4', '[2001:db8::5]:90', '<x>'])).toEqual([
      '10.1.2.3 9000',
      '10.1.2.4',
      '2001:db8::5 90',
      '192.0.2.1',
      '198.51.100.7',
    ]);
  });

  it('adds the host of the API, resolved', async () => {
    expect(await find({}, [], '203.0.113.1')).toContain('203.0.113.1');
    expect(await find({}, [], 'media.example')).toContain('203.0.113.9');
    expect(await find({ keepApiDomain: true }, [], 'media.example')).toEqual(
      expect.arrayContaining(['media.example', '203.0.113.9']),
    );
    expect(await find({ resolveApiDomain: false }, [], 'media.example')).toEqual(await find({}));
    expect(await find({}, [], 'unknown.example')).toEqual(await find({}));
    expect(await find({ apiAsCandidates: false }, [], '203.0.113.1')).toEqual(await find({}));
    for (const local of ['localhost', '127.0.0.1', '::1', '']) {
      expect(await find({}, [], local)).toEqual(await find({}));
    }
  });

  it('takes a configured candidate in place of the interfaces', async () => {
    expect(await find({ candidate: '203.0.113.5' })).toEqual(['203.0.113.5']);
    expect(await find({ candidate: 'rtc.example' })).toEqual(['rtc.example']);
    process.env.TEST_CANDIDATE = '203.0.113.6';
    expect(await find({ candidate: '$TEST_CANDIDATE' })).toEqual(['203.0.113.6']);
    delete process.env.TEST_CANDIDATE;
    expect(await find({ candidate: '$TEST_CANDIDATE' })).toEqual(['192.0.2.1', '198.51.100.7']);
    expect(await find({ candidate: '0.0.0.0' })).toEqual(['192.0.2.1', '198.51.100.7']);
  });

  it('always finds one', async () => {
    expect(await find({ useAutoDetectNetworkIp: false })).toEqual(['192.0.2.1']);
    const none = { ...sources, interfaces: () => [] };
    expect(await findCandidateHosts(base, [], '', none)).toEqual([{ host: '127.0.0.1' }]);
  });
});

describe('parseHost', () => {
  it.each([
    ['10.0.0.1', { host: '10.0.0.1' }],
    ['10.0.0.1:0', { host: '10.0.0.1' }],
    ['2001:db8::1', { host: '2001:db8::1' }],
    ['a.example:65535', { host: 'a.example', port: 65_535 }],
    ['a.example:65536', undefined],
    ['[zz]:1', undefined],
    ['a b', undefined],
    ['x\r\na=candidate:evil', undefined],
    ['', undefined],
  ])('%s', (text, expected) => {
    expect(parseHost(text)).toEqual(expected);
  });
});

describe('candidateValues', () => {
  it('prefers UDP, and the first address', () => {
    const hosts = [{ host: '192.0.2.1' }, { host: '192.0.2.2', port: 9000 }];
    expect(candidateValues(hosts, { udp: [8000], tcp: [8001] })).toEqual([
      '0 1 udp 2130706431 192.0.2.1 8000 typ host generation 0',
      '1 1 udp 2130706175 192.0.2.2 9000 typ host generation 0',
      '2 1 tcp 2105458943 192.0.2.1 8001 typ host tcptype passive',
      '3 1 tcp 2105458687 192.0.2.2 9000 typ host tcptype passive',
    ]);
    expect(candidateValues(hosts, { udp: [], tcp: [] })).toEqual([]);
  });
});
