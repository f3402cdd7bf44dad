/** Where published media comes from. Each gives a stream and what ends it. */

/** @param {{source: string, width: number}} wishes */
export function openSource({ source, width }) {
  const height = Math.round((width * 9) / 16);
  switch (source) {
    case 'screen':
      return capture(() =>
        navigator.mediaDevices.getDisplayMedia({ video: { width, frameRate: 30 }, audio: true }),
      );
    case 'pattern':
      return openPattern(width, height);
    default:
      return capture(() =>
        navigator.mediaDevices.getUserMedia({
          video: { width, height, frameRate: 30 },
          audio: { echoCancellation: false, autoGainControl: false, noiseSuppression: false },
        }),
      );
  }
}

async function capture(open) {
  if (!navigator.mediaDevices) {
    throw new Error(
      'Browsers give cameras and screens to pages of https:// and localhost alone. The test pattern works.',
    );
  }
  const stream = await open();
  return {
    stream,
    close: () => {
      for (const track of stream.getTracks()) {
        track.stop();
      }
    },
  };
}

const BARS = ['#c0c0c0', '#c0c000', '#00c0c0', '#00c000', '#c000c0', '#c00000', '#0000c0'];
const FRAME_MS = 1000 / 30;
const TONE_HZ = 440;

/** Colour bars with a clock and a moving mark, and a tone that swells once a second. */
function openPattern(width, height) {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  const draw = () => drawPattern(context, width, height, new Date());
  draw();
  const timer = setInterval(draw, FRAME_MS);

  const audio = new AudioContext({ sampleRate: 48000 });
  const tone = new OscillatorNode(audio, { frequency: TONE_HZ });
  const volume = new GainNode(audio, { gain: 0.25 });
  const output = audio.createMediaStreamDestination();
  tone.connect(volume).connect(output);
  tone.start();

  const stream = new MediaStream([
    ...canvas.captureStream(30).getVideoTracks(),
    ...output.stream.getAudioTracks(),
  ]);
  return Promise.resolve({
    stream,
    close: () => {
      clearInterval(timer);
      audio.close().catch(() => {});
      for (const track of stream.getTracks()) {
        track.stop();
      }
    },
  });
}

function drawPattern(context, width, height, now) {
  BARS.forEach((colour, at) => {
    context.fillStyle = colour;
    const left = Math.round((at * width) / BARS.length);
    context.fillRect(left, 0, Math.ceil(width / BARS.length), height);
  });
  const seconds = now.getTime() / 1000;
  context.fillStyle = '#101010';
  context.fillRect(0, height * 0.72, width, height * 0.28);
  context.fillStyle = '#ffffff';
  context.fillRect(width * (seconds % 1), height * 0.72, width * 0.02, height * 0.06);
  context.font = `600 ${Math.round(height * 0.13)}px monospace`;
  context.textAlign = 'center';
  context.fillText(now.toISOString().slice(11, 23), width / 2, height * 0.92);
}
