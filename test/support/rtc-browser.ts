import { afterAll, beforeAll } from 'vitest';
import { Browser } from './browser.ts';
import { MediaServer } from './media-server.ts';

/** Chromium, and a server that turns WebRTC into everything else and back. */
export interface RtcBrowser {
  readonly server: MediaServer;
  readonly browser: Browser;
}

/** For the tests of one file. @param use  gets both before the first test. */
export function withRtcBrowser(use: (made: RtcBrowser) => void): void {
  let server: MediaServer | undefined;
  let browser: Browser | undefined;
  beforeAll(async () => {
    server = await MediaServer.start({
      root: 'rtc_server { enabled on; listen 127.0.0.1:0; candidate 127.0.0.1; }',
      vhost: 'rtc { enabled on; rtmp_to_rtc on; rtc_to_rtmp on; }',
    });
    browser = await Browser.launch();
    use({ server, browser });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });
}
