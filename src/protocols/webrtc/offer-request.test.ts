import { describe, expect, it } from 'vitest';
import { hostName, streamUrlName, whipName } from './offer-request.ts';
import { parseFragment, writeFragment } from './trickle.ts';

describe('whipName', () => {
  it('takes names from the query, SRS defaults otherwise', () => {
    expect(whipName('app=a/b&stream=x&secret=y', 'media.example')).toMatchObject({
      vhost: 'media.example',
      app: 'a/b',
      stream: 'x',
      param: 'app=a/b&stream=x&secret=y',
    });
    expect(whipName('', 'h')).toMatchObject({ app: 'live', stream: 'livestream', param: '' });
    expect(whipName('vhost=v&domain=d', 'h').vhost).toBe('v');
    expect(whipName('domain=d', 'h').vhost).toBe('d');
  });
});

describe('streamUrlName', () => {
  it.each([
    [
      'webrtc://host:1985/live/x?k=v',
      'host',
      'live',
      'x',
      '?k=v&upstream=rtc',
      'webrtc://host:1985/live',
    ],
    [
      'http://127.0.0.1/rtc/regression-1',
      '127.0.0.1',
      'rtc',
      'regression-1',
      'upstream=rtc',
      'webrtc://127.0.0.1/rtc',
    ],
    ['webrtc://h/a/b/c?vhost=v', 'v', 'a/b', 'c', '?vhost=v&upstream=rtc', 'webrtc://h/a/b'],
  ])('%s', (url, vhost, app, stream, param, tc_url) => {
    expect(streamUrlName(url, 'publish')).toMatchObject({ vhost, app, stream, param, tc_url });
  });

  it('leaves the parameters of players alone', () => {
    expect(streamUrlName('webrtc://h/live/x?k=v', 'play').param).toBe('?k=v');
    expect(streamUrlName('webrtc://h/live/x', 'play').param).toBe('');
  });

  it.each(['', 'live/x', 'webrtc://', 'webrtc://h', 'webrtc://h/x', 'webrtc://h//'])(
    'refuses "%s"',
    (url) => {
      expect(() => streamUrlName(url, 'play')).toThrow('streamurl');
    },
  );
});

describe('hostName', () => {
  it.each([
    ['a.example:1985', 'a.example'],
    ['[2001:db8::1]:1985', '2001:db8::1'],
    ['192.0.2.1', '192.0.2.1'],
    [undefined, ''],
    ['a:b:c', ''],
  ])('%s', (header, name) => {
    expect(hostName(header)).toBe(name);
  });
});

describe('parseFragment', () => {
  it('reads credentials and counts candidates', () => {
    const text =
      'a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n' +
      'a=candidate:1 1 UDP 2130706431 192.0.2.1 5000 typ host\r\na=end-of-candidates\r\n';
    expect(parseFragment(text)).toEqual({
      ufrag: 'EsAw',
      pwd: 'P2uYro0UCOQ4zxjKXaWCBui1',
      candidates: 1,
    });
    expect(parseFragment('')).toEqual({ ufrag: '', pwd: '', candidates: 0 });
  });

  it('reads what it writes', () => {
    const own = writeFragment({ ufrag: 'u', pwd: 'p' }, '0', ['0 1 udp 1 192.0.2.1 8000 typ host']);
    expect(parseFragment(own)).toEqual({ ufrag: 'u', pwd: 'p', candidates: 1 });
  });

  it('refuses other things, and long ones', () => {
    expect(() => parseFragment('{"candidate":""}')).toThrow('fragment');
    expect(() => parseFragment('a=x\n'.repeat(5000))).toThrow('limit');
  });
});
