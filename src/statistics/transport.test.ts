import { describe, expect, it } from 'vitest';
import { TRANSPORT_COLUMNS, type TransportFigures } from '../native/transport-figures.ts';
import { Transport } from './transport.ts';

function figures(values: Partial<TransportFigures>): TransportFigures {
  const unknown = Object.fromEntries(TRANSPORT_COLUMNS.map((name) => [name, Number.NaN]));
  return { ...unknown, packets_in: 0, packets_out: 0, packets_lost: 0, ...values } as never;
}

describe('the network of a session', () => {
  it('is what the last report said', () => {
    const transport = new Transport(1000, figures({ rtt_ms: 20 }));
    transport.note(2000, figures({ rtt_ms: 30 }));
    expect(transport.figures.rtt_ms).toBe(30);
  });

  it('has the loss of the last 10 to 20 s', () => {
    const transport = new Transport(1000, figures({ packets_in: 100, packets_lost: 10 }));
    expect(transport.loss).toBeCloseTo(0.1);
    transport.note(6000, figures({ packets_in: 1000, packets_lost: 50 }));
    expect(transport.loss).toBeCloseTo(0.05);
    transport.note(12_000, figures({ packets_in: 2000, packets_lost: 60 }));
    transport.note(22_000, figures({ packets_in: 3000, packets_lost: 60 }));
    transport.note(27_000, figures({ packets_in: 4000, packets_lost: 60 }));
    expect(transport.loss).toBe(0);
  });

  it('has no loss before there were packets', () => {
    expect(new Transport(1000, figures({})).loss).toBe(0);
  });

  it('counts the packets of the direction in which media goes', () => {
    const transport = new Transport(1000, figures({ packets_out: 200, packets_lost: 20 }));
    expect(transport.loss).toBeCloseTo(0.1);
  });
});
