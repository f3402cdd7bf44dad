import { readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { RtmpPeer } from '../../support/rtmp/rtmp-peer.ts';
import type { Site } from '../support/site.ts';

/** `timer_active` of the server's side of a connection in `/proc/net/tcp`: 2 is a keep-alive timer. */
function timerOf(serverPort: number, peerPort: number): number {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0');
  const ends = `0100007F:${hex(serverPort)} 0100007F:${hex(peerPort)}`;
  const line = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .find((text) => text.includes(ends));
  return Number(line?.trim().split(/\s+/)[5]?.split(':')[0]);
}

export function idlePeers(site: Site): void {
  describe('peers that wait', () => {
    site.attack(
      'a player of nothing is asked by the kernel whether it is still there',
      async () => {
        const peer = await RtmpPeer.connect(site.ports.rtmp);
        await peer.play('neverpublished');
        await expect.poll(() => timerOf(site.ports.rtmp, Number(peer.socket.localPort))).toBe(2);
        await peer.close();
      },
    );
  });
}
