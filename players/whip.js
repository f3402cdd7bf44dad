import { Exchange, watchConnection } from './exchange.js';
import { connectForm, endpointFrom, fillForm, linkOther, show } from './page.js';
import { openSource } from './sources.js';
import { Statistics } from './statistics.js';

const field = (id) => document.getElementById(id);
/** Share of the bit rate, and divisor of the size, of each layer; the smallest first. */
const LAYERS = [
  { rid: 'q', share: 0.1, scaleResolutionDownBy: 4 },
  { rid: 'h', share: 0.3, scaleResolutionDownBy: 2 },
  { rid: 'f', share: 0.6, scaleResolutionDownBy: 1 },
];

field('url').value = endpointFrom(location, 'whip');
const autostart = fillForm(['source', 'codec', 'width', 'bitrate', 'simulcast']);
linkOther('whep.html');
const begin = connectForm(publish);
if (autostart) {
  window.addEventListener('load', begin);
}

async function publish() {
  const source = await openSource({
    source: field('source').value,
    width: Number(field('width').value),
  });
  const connection = new RTCPeerConnection();
  const url = new URL(field('url').value);
  const codec = field('codec').value;
  if (codec) {
    url.searchParams.set('codec', codec);
  }
  const exchange = new Exchange(url.href, connection);
  try {
    addTracks(connection, source.stream);
    field('video').srcObject = source.stream;
    await exchange.open();
  } catch (error) {
    connection.close();
    source.close();
    throw error;
  }
  const stopWatching = watchConnection(exchange, show, 'Publishing.');
  const statistics = new Statistics(connection, field('statistics'));
  const stop = () => {
    stopWatching();
    statistics.stop();
    exchange.close();
    source.close();
    field('video').srcObject = null;
  };
  // Whoever ends sharing a screen in the browser's own bar wants to end publishing.
  source.stream.getVideoTracks()[0]?.addEventListener('ended', () => field('stop').click());
  return stop;
}

function addTracks(connection, stream) {
  const bitrate = Number(field('bitrate').value) * 1000;
  for (const track of stream.getAudioTracks()) {
    connection.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
  }
  for (const track of stream.getVideoTracks()) {
    const sendEncodings = field('simulcast').checked
      ? LAYERS.map(({ rid, share, scaleResolutionDownBy }) => ({
          rid,
          scaleResolutionDownBy,
          maxBitrate: Math.round(bitrate * share),
        }))
      : [{ maxBitrate: bitrate }];
    connection.addTransceiver(track, { direction: 'sendonly', streams: [stream], sendEncodings });
  }
}
