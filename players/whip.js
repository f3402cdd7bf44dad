import { field } from './page.js';
import { preferRedundancy, runPage } from './session.js';
import { openSource } from './sources.js';

/** Share of the bit rate, and divisor of the size, of each layer; the smallest first. */
const LAYERS = [
  { rid: 'q', share: 0.1, scaleResolutionDownBy: 4 },
  { rid: 'h', share: 0.3, scaleResolutionDownBy: 2 },
  { rid: 'f', share: 0.6, scaleResolutionDownBy: 1 },
];

runPage({
  endpoint: 'whip',
  other: 'whep.html',
  fields: ['source', 'codec', 'width', 'bitrate', 'simulcast', 'red'],
  running: 'Publishing.',
  prepare: async () => {
    const source = await openSource({
      source: field('source').value,
      width: Number(field('width').value),
    });
    // Whoever ends sharing a screen in the browser's own bar wants to end publishing.
    source.stream.getVideoTracks()[0]?.addEventListener('ended', () => field('stop').click());
    return {
      url: urlWithCodec(),
      attach: (connection) => {
        addTracks(connection, source.stream);
        field('video').srcObject = source.stream;
      },
      close: () => source.close(),
    };
  },
});

function urlWithCodec() {
  const url = new URL(field('url').value);
  const codec = field('codec').value;
  if (codec) {
    url.searchParams.set('codec', codec);
  }
  return url.href;
}

function addTracks(connection, stream) {
  const bitrate = Number(field('bitrate').value) * 1000;
  for (const track of stream.getAudioTracks()) {
    const audio = connection.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
    if (field('red').checked) {
      preferRedundancy(audio);
    }
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
