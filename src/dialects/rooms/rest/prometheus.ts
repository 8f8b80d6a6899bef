/** Figures in the text format 0.0.4 of Prometheus. Knows figures; knows no route. */

import type { CounterFigure, Figure, FigureName, HistogramFigure } from "../../../core/figures.ts";
import { BEYOND, FIGURES, SUM } from "../../../core/figures.ts";

export const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

/** What is shown of one app. */
export interface Shown {
  /** The app's UUID. */
  readonly app: string;
  /** Null: they could not be read. */
  readonly figures: readonly Figure[] | null;
}

/** One whose figures are there. */
interface Counted extends Shown {
  readonly figures: readonly Figure[];
}

const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

function sample(name: string, labels: readonly (readonly [string, string])[], value: number): string {
  return `${name}{${labels.map(([label, of]) => `${label}="${escaped(of)}"`).join(",")}} ${value}`;
}

function simple({ name, label, known }: CounterFigure, { app, figures }: Counted): string[] {
  const values = new Map([
    ...known.map((one) => [one, 0] as const),
    ...figures.map((one) => [one.label, one.value] as const),
  ]);
  return [...values]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([of, value]) => {
      const own: [string, string][] = label === null ? [] : [[label, of]];
      return sample(name, [["app", app], ...own], value);
    });
}

/** Buckets are kept apart; here each has those below it too. */
function histogram({ name, bounds }: HistogramFigure, { app, figures }: Counted): string[] {
  const values = new Map(figures.map(({ label, value }) => [label, value]));
  let count = 0;
  const buckets = [...bounds.map(String), BEYOND].map((le) => {
    count += values.get(le) ?? 0;
    return sample(
      `${name}_bucket`,
      [
        ["app", app],
        ["le", le],
      ],
      count,
    );
  });
  return [
    ...buckets,
    sample(`${name}_sum`, [["app", app]], values.get(SUM) ?? 0),
    sample(`${name}_count`, [["app", app]], count),
  ];
}

/** All figures, each once with its meaning and then for each app. */
export function prometheusText(apps: readonly Shown[]): string {
  const counted = apps.filter((one): one is Counted => one.figures !== null);
  const lines = [
    "# HELP parlance_app_up 1: the figures of the app are below; 0: they could not be read.",
    "# TYPE parlance_app_up gauge",
    ...apps.map(({ app, figures }) => sample("parlance_app_up", [["app", app]], figures === null ? 0 : 1)),
  ];
  for (const [key, described] of Object.entries(FIGURES) as [FigureName, CounterFigure | HistogramFigure][]) {
    lines.push(`# HELP ${described.name} ${described.help}`, `# TYPE ${described.name} ${described.type}`);
    for (const { app, figures } of counted) {
      const own = { app, figures: figures.filter(({ figure }) => figure === key) };
      lines.push(...(described.type === "histogram" ? histogram(described, own) : simple(described, own)));
    }
  }
  return `${lines.join("\n")}\n`;
}
