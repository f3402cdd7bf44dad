import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import type { AmfValue } from '../../support/rtmp/amf0.ts';
import { MessageType } from '../../support/rtmp/chunks.ts';
import { RtmpPeer } from '../../support/rtmp/rtmp-peer.ts';
import { takenBy } from '../support/procfs.ts';
import { Random, scale, seed } from '../support/random.ts';
import { RawPeer } from '../support/raw-peer.ts';
import { deadlines, type Site } from '../support/site.ts';

const FORGED = 'x\r\n[2026-01-01 00:00:00.000][INFO][1][FORGED] y\x1b[31m\0z';

/** Names that no server may take: they lead out of a folder, forge lines, or hide from a comparison. */
export const badNames: readonly string[] = [
  '../../etc/passwd',
  '..',
  '.',
  '../x',
  'a/../../b',
  '%2e%2e%2fx',
  '..%2f..%2fx',
  '..\\..\\x',
  'a//b/c',
  'a\0b',
  'a\r\nb',
  FORGED,
  '<script>alert(1)</script>',
  '$(touch /tmp/millrace-hostile)',
  '`id`',
  '; rm -rf .',
  'a b',
  'a%00b',
  'ä',
  '\u202egnp.exe',
  'x'.repeat(257),
  'x'.repeat(70_000 - 4536),
];

export function rtmpCommands(site: Site): void {
  const connect = () => RtmpPeer.connect(site.ports.rtmp);
  const random = new Random(seed);

  describe('RTMP commands', () => {
    site.attack('unknown commands in any order, with any values', async () => {
      const names = [
        ...[
          'connect',
          'createStream',
          'publish',
          'play',
          'pause',
          'seek',
          'deleteStream',
          'closeStream',
        ],
        ...[
          'FCPublish',
          'FCUnpublish',
          'releaseStream',
          'receiveAudio',
          'receiveVideo',
          '_result',
          '_error',
        ],
        ...['onStatus', 'close', 'play2', 'getStreamLength', '', 'x'.repeat(3000), 'on\0x', FORGED],
      ];
      const values: readonly AmfValue[] = [
        ...[Number.NaN, -1, 0, 1e308, Number.POSITIVE_INFINITY, null, undefined, true, false, ''],
        ...['live', 'x', FORGED, {}, { tcUrl: 5, app: null }, [], [[[]]], 'good', 2 ** 53],
      ];
      for (let round = 0; round < 150 * scale; round += 30) {
        await Promise.all(
          Array.from({ length: 30 }, async () => {
            const peer = random.below(2) ? await connect() : await RtmpPeer.dial(site.ports.rtmp);
            for (let count = 0; count < 40 && !peer.ended; count += 1) {
              const list = Array.from({ length: random.below(6) }, () => random.pick(values));
              peer.command(random.pick(names), ...list);
            }
            await delay(50);
            await peer.close();
          }),
        );
      }
    });

    site.attack('a tcUrl of any kind', async () => {
      const urls: readonly AmfValue[] = [
        ...[
          '',
          'x',
          'rtmp://',
          'rtmp://:::::',
          'rtmp://[::1',
          'rtmp://h:99999999999/a',
          'http://h/a',
        ],
        ...[
          'rtmp://127.0.0.1/',
          `rtmp://${'h'.repeat(60_000)}/a`,
          `rtmp://h/${'a/'.repeat(30_000)}`,
        ],
        ...[
          `rtmp://h/a?${'vhost=x&'.repeat(8000)}`,
          FORGED,
          `rtmp://${FORGED}/${FORGED}`,
          5,
          null,
          {},
        ],
        ...['rtmp://127.0.0.1/../../etc', 'rtmp://127.0.0.1/live%2f..%2f..', 'rtmp://a@b:c@d/live'],
      ];
      await Promise.all(
        urls.map(async (tcUrl) => {
          const peer = await RtmpPeer.dial(site.ports.rtmp);
          peer.command('connect', 1, { app: 'live', tcUrl, flashVer: FORGED, pageUrl: FORGED });
          peer.command('createStream', 2, null);
          peer.command('publish', 3, null, 'tcurl', 'live');
          await delay(300);
          await peer.close();
        }),
      );
    });

    site.attack('names that lead elsewhere are refused, to publishers and players', async () => {
      for (const command of ['publish', 'play']) {
        await Promise.all(
          badNames.map(async (name) => {
            const peer = await connect();
            await peer.call('createStream', null);
            peer.command(command, 3, null, name, 'live');
            const status = await peer.takeCommand(
              (answer) => answer.name === 'onStatus',
              `onStatus for ${name.slice(0, 40)}`,
            );
            expect(JSON.stringify(status.values), name).toContain('"error"');
            await peer.end();
          }),
        );
      }
      for (const app of badNames.filter((name) => name.length < 300)) {
        const peer = await RtmpPeer.dial(site.ports.rtmp);
        peer.command('connect', 1, { app, tcUrl: `rtmp://127.0.0.1/${app}` });
        peer.command('createStream', 2, null);
        peer.command('publish', 3, null, 'badapp', 'live');
        await Promise.race([peer.end(), delay(50)]);
        expect(peer.inbox.map(({ payload }) => payload.toString('latin1')).join('')).not.toContain(
          'Publish.Start',
        );
        await peer.close();
      }
    });

    site.attack('a second publisher is refused with BadName, and disturbs nobody', async () => {
      for (let count = 0; count < 50; count += 1) {
        const peer = await connect();
        await peer.call('createStream', null);
        peer.command('publish', 3, null, 'good', 'live');
        const at = performance.now();
        await peer.status('NetStream.Publish.BadName');
        await peer.end();
        expect(performance.now() - at).toBeLessThan(2000);
      }
    });

    site.attack(
      'a name is free within a second after its owner went, by FIN and by RST',
      async () => {
        for (const way of ['FIN', 'RST', 'message cut'] as const) {
          const owner = await connect();
          await owner.publish('owned');
          const { socket } = owner;
          if (way === 'FIN') {
            socket.end();
          } else if (way === 'RST') {
            socket.resetAndDestroy();
          } else {
            owner.sendBytes(Buffer.from('0600000000ffff0901000000170100', 'hex'));
            socket.end();
          }
          const gone = performance.now();
          for (;;) {
            const next = await connect();
            await next.call('createStream', null);
            next.command('publish', 3, null, 'owned', 'live');
            const { values } = await next.takeCommand(
              ({ name }) => name === 'onStatus',
              'onStatus',
            );
            const taken = JSON.stringify(values).includes('Publish.Start');
            await next.close();
            expect(performance.now() - gone, way).toBeLessThan(1000);
            if (taken) {
              break;
            }
            await delay(20);
          }
          await delay(50);
        }
      },
    );

    site.attack(
      'plays of 3000 names that nobody publishes leave nothing',
      async () => {
        for (let round = 0; round < 3000; round += 100) {
          await Promise.all(
            Array.from({ length: 100 }, async (_, at) => {
              const peer = await connect();
              await peer.play(`nobody${round + at}`);
              await peer.close();
            }),
          );
        }
        const answer = await fetch(`http://127.0.0.1:${site.ports.api}/api/v1/streams?count=5000`, {
          headers: { connection: 'close' },
        });
        expect(await answer.text()).not.toContain('nobody');
      },
      120_000,
    );

    site.attack('one connection plays one name after the other', async () => {
      const peer = await connect();
      await peer.call('createStream', null);
      for (let count = 0; count < 3000; count += 1) {
        peer.command('play', 0, null, `one${count}`);
        if (count % 100 === 0) {
          await delay(1);
        }
      }
      await delay(300);
      await peer.close();
    });

    /** The end of the publisher before may still be under way: within a second the name is free. */
    const publisherOf = async (name: string) => {
      const limit = performance.now() + 1000;
      for (;;) {
        const peer = await connect();
        try {
          await peer.publish(name);
          return peer;
        } catch (error) {
          await peer.close();
          if (performance.now() > limit) {
            throw error;
          }
        }
      }
    };

    site.attack(
      'publish and unpublish 200 times a second, cut anywhere',
      async () => {
        const total = 600 * scale;
        for (let round = 0; round < total; round += 20) {
          await Promise.all(
            Array.from({ length: 20 }, async (_, at) => {
              const peer = await publisherOf(`churn${at}`);
              peer.sendVideo(
                0,
                Buffer.from('17000000000142c01effe1000a6742c01ed900a047fe88010004680fcb20', 'hex'),
              );
              peer.sendVideo(0, Buffer.from('1701000000000000056588840000', 'hex'));
              peer.sendBytes(Buffer.from('0600000000ffff0901000000170100', 'hex'));
              if (random.below(3) === 0) {
                peer.command('FCUnpublish', 9, null, `churn${at}`);
              }
              if (random.below(2)) {
                peer.socket.resetAndDestroy();
              }
              await peer.close();
            }),
          );
        }
        const streams = async () => {
          const answer = await fetch(
            `http://127.0.0.1:${site.ports.api}/api/v1/streams?count=500`,
            {
              headers: { connection: 'close' },
            },
          );
          return answer.ok ? await answer.text() : '';
        };
        await delay(200);
        expect(await streams()).not.toContain('"churn');
        // The names are free.
        const peer = await connect();
        await peer.publish('churn0');
        await peer.close();
      },
      120_000,
    );

    site.attack('half a connect each second does not hold a connection for ever', async () => {
      const peer = await RtmpPeer.dial(site.ports.rtmp);
      const began = performance.now();
      peer.sendBytes(Buffer.from('03000000000fff1400000000', 'hex'));
      while (
        !peer.ended &&
        performance.now() - began < deadlines.handshakeMs + deadlines.idleMs + 3000
      ) {
        peer.sendBytes(Buffer.from([0]));
        await Promise.race([delay(200), peer.end(300).catch(() => {})]);
      }
      expect(peer.ended).toBe(true);
    });

    site.attack('a flood of commands costs bounded time', async () => {
      const peer = await RawPeer.dial(site.ports.rtmp);
      peer.send(Buffer.concat([Buffer.from([3]), Buffer.alloc(3072)]));
      const before = takenBy(site.pid).cpuMs;
      const command = Buffer.from(
        '03000000000010140000000002000763616c6c6d653131003ff0000000000000',
        'hex',
      );
      const many = Buffer.concat(Array.from({ length: 2000 }, () => command));
      await peer.pour(Array.from({ length: 50 }, () => many));
      await peer.cut();
      expect(takenBy(site.pid).cpuMs - before).toBeLessThan(5000);
    });

    site.attack('media and metadata of somebody who does not publish', async () => {
      const peer = await connect();
      for (let count = 0; count < 500; count += 1) {
        peer.sendVideo(count, random.bytes(200));
        peer.sendAudio(count, random.bytes(200));
        peer.sendMetadata({ width: count });
      }
      expect((await peer.call('call', null)).name).toBe('_result');
      await peer.close();
      const player = await connect();
      await player.play('good');
      player.sendVideo(0, random.bytes(200));
      player.send(3, {
        type: MessageType.aggregate,
        timestamp: 0,
        streamId: 1,
        payload: random.bytes(90),
      });
      player.command('publish', 5, null, 'good', 'live');
      await player.takeMedia('video');
      await player.close();
    });
  });
}
