import { Counter, Gauge, type Registry } from 'prom-client';

/** Values of one metric by its labels, in the order of the label names. */
export type Samples = Iterable<readonly [labels: Readonly<Record<string, string>>, value: number]>;

/** What a metric is, and where its values come from when somebody asks for them. */
export interface MetricSource<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
  readonly read: () => Samples | number;
}

/** Adds a gauge whose values are read at each scrape; those of before are forgotten. */
export function addGauge<Label extends string>(
  registry: Registry,
  { name, help, labels = [], read }: MetricSource<Label>,
): void {
  new Gauge({
    name,
    help,
    labelNames: labels,
    registers: [registry],
    collect() {
      this.reset();
      for (const [values, value] of samplesOf(read())) {
        this.set(values as Partial<Record<Label, string>>, value);
      }
    },
  });
}

/** Adds a counter whose sums are kept elsewhere. */
export function addCounter<Label extends string>(
  registry: Registry,
  { name, help, labels = [], read }: MetricSource<Label>,
): void {
  new Counter({
    name,
    help,
    labelNames: labels,
    registers: [registry],
    collect() {
      this.reset();
      for (const [values, value] of samplesOf(read())) {
        this.inc(values as Partial<Record<Label, string>>, Math.max(value, 0));
      }
    },
  });
}

function samplesOf(read: Samples | number): Samples {
  return typeof read === 'number' ? [[{}, read]] : read;
}
