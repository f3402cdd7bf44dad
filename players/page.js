/** What both pages share: the form, its state, and the address of the stream. */

/** An element by its id. */
export const field = (id) => document.getElementById(id);

/**
 * The endpoint that the page's own address names: `app`, `stream`, `vhost` and the rest of its query are
 * those of the stream; `url` is the whole endpoint.
 */
export function endpointFrom(location, endpoint) {
  const query = new URLSearchParams(location.search);
  const whole = query.get('url');
  if (whole) {
    return whole;
  }
  const parameters = new URLSearchParams({
    app: query.get('app') ?? 'live',
    stream: query.get('stream') ?? 'livestream',
  });
  const own = new Set(['app', 'stream', 'autostart', 'source', 'api', 'server', 'port']);
  for (const [name, value] of query) {
    if (!own.has(name)) {
      parameters.append(name, value);
    }
  }
  const base = new URL(location.href);
  const server = query.get('server');
  if (server) {
    base.hostname = server;
  }
  const port = query.get('port') ?? query.get('api');
  if (port) {
    base.port = port;
  }
  return `${base.origin}/rtc/v1/${endpoint}/?${parameters}`;
}

export function show(state, text) {
  const status = field('status');
  status.dataset.state = state;
  status.textContent = text;
}

/**
 * Connects the form: `start` runs until it gives back what ends it, or throws.
 * @param {() => Promise<() => void>} start
 */
export function connectForm(start) {
  let stop;
  const running = (yes) => {
    field('start').disabled = yes;
    field('stop').disabled = !yes;
  };
  const begin = () => {
    running(true);
    start().then(
      (end) => {
        stop = end;
      },
      (error) => {
        show('bad', error instanceof Error ? error.message : String(error));
        running(false);
      },
    );
  };
  const end = () => {
    stop?.();
    stop = undefined;
    running(false);
  };
  field('form').addEventListener('submit', (event) => {
    event.preventDefault();
    begin();
  });
  field('stop').addEventListener('click', () => {
    end();
    show('', 'Stopped.');
  });
  window.addEventListener('pagehide', end);
  return begin;
}

/** Keeps the link to the other page at the same stream. */
export function linkOther(page) {
  const link = field('other');
  const update = () => {
    const { search } = new URL(field('url').value || '?', location.href);
    const query = new URLSearchParams(search);
    query.delete('codec');
    link.href = `${page}?${query}`;
  };
  field('url').addEventListener('input', update);
  update();
}

/** Values of the page's query for fields of the form. */
export function fillForm(names) {
  const query = new URLSearchParams(location.search);
  for (const name of names) {
    const value = query.get(name);
    const control = field(name);
    if (value === null) {
      continue;
    }
    if (control.type === 'checkbox') {
      control.checked = value !== 'false';
    } else {
      control.value = value;
    }
  }
  return query.get('autostart') === 'true';
}
