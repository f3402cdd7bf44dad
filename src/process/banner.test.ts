import { describe, expect, it } from 'vitest';
import { configFromObject } from '../config/from-object.ts';
import type { OpenListener } from '../listeners.ts';
import { bannerText } from './banner.ts';

const config = configFromObject({
  rtmp: { listen: 1935 },
  vhosts: { __defaultVhost__: { hls: { enabled: true }, httpRemux: { enabled: true } } },
});

function banner(ports: readonly OpenListener[]): string {
  return bannerText({
    title: 'Millrace 1.2.3',
    pid: 42,
    log: 'on the console',
    config,
    ports,
    host: '192.0.2.7',
  });
}

function port(purpose: OpenListener['purpose'], number: number, address = '0.0.0.0'): OpenListener {
  return { purpose, endpoint: { address, port: number } };
}

describe('bannerText', () => {
  it('shows what listens and what to paste', () => {
    expect(
      banner([port('rtmp', 1935), port('http', 8080), port('api', 1985, '127.0.0.1')]),
    ).toMatchInlineSnapshot(`
        "--------------------------------------------------------------------------------------------------
        Millrace 1.2.3, pid 42, log on the console
        --------------------------------------------------------------------------------------------------
        Listening   RTMP            0.0.0.0:1935, every address
                    HTTP            0.0.0.0:8080, every address
                    HTTP API        127.0.0.1:1985

        Publish     OBS server      rtmp://192.0.2.7/live
                    OBS stream key  livestream
                    FFmpeg          ffmpeg -re -i file.mp4 -c copy -f flv rtmp://192.0.2.7/live/livestream

        Play        RTMP            rtmp://192.0.2.7/live/livestream
                    HTTP-FLV        http://192.0.2.7:8080/live/livestream.flv
                    HLS             http://192.0.2.7:8080/live/livestream.m3u8
                    WebSocket       ws://192.0.2.7:8080/live/livestream.flv
        --------------------------------------------------------------------------------------------------
        "
      `);
  });

  it('names a port that is not the usual one, and IPv6 addresses in brackets', () => {
    const text = banner([port('rtmp', 19350, '::1')]);
    expect(text).toContain('rtmp://[::1]:19350/live/livestream');
    expect(text).not.toContain('http://');
  });

  it('shows what goes over TLS', () => {
    const text = banner([port('rtmps', 1443), port('https', 8088)]);
    expect(text.match(/rtmps:\/\/192\.0\.2\.7:1443\/live\/livestream/g)).toHaveLength(2);
    expect(text).toContain('https://192.0.2.7:8088, with the same paths');
  });

  it('leaves out what is not there', () => {
    const text = banner([port('http', 8080)]);
    expect(text).not.toContain('OBS');
    expect(text).toContain('http://192.0.2.7:8080/live/livestream.flv');
  });
});
