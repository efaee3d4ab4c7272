// The plot: lines along the axis, a frontier, or a map over two letters.
const LIGHT = { ink: "#1a1a1a", soft: "#5c5c5c", grid: "#e3e3e3", paper: "#ffffff", grey: "rgba(90,90,90,0.22)", tint: "rgba(213,94,0,0.12)" };
const DARK = { ink: "#eeeeee", soft: "#b0b0b0", grid: "#3a3d42", paper: "#1c1e22", grey: "rgba(200,200,200,0.22)", tint: "rgba(230,159,0,0.16)" };
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8a7a00", "#999999"];
const DARK_COLOURS = ["#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#3f97d0", "#F0E442", "#999999"];
const DASHES = ["dash", "dot", "dashdot", "longdash", "longdashdot", "8px 3px", "2px 6px", "12px 4px 2px 4px"];
const CONFIG = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };

const isDark = () => matchMedia("(prefers-color-scheme: dark)").matches;
const theme = () => (isDark() ? DARK : LIGHT);
const colours = () => (isDark() ? DARK_COLOURS : COLOURS);
const narrow = () => window.innerWidth < 620;

function draw(view, env) {
  const cost = view.costs[state.cost];
  if (DATA.kind === "map") drawMap(cost, env);
  if (DATA.kind === "frontier") drawFrontier(view, env);
  else drawLines(view, cost, env);
}

function inAxis(values, unit) {
  const { factor } = DATA.units[unit];
  return factor === 1 ? values : values.map((v) => v * factor);
}

// -- lines
function drawLines(view, cost, env) {
  const xs = DATA.along.points;
  const found = curves(cost, env, xs);
  const parts = cost.rows.slice(1).map((row, i) => partTrace(cost, i + 1, xs, found[i + 1]));
  const whole = { name: cost.name, x: xs, y: inAxis(found[0], cost.unit), mode: "lines", line: { color: theme().ink, width: 3 } };
  const here = [state.values[X]];
  const value = inAxis([evaluate(cost, env)[0]], cost.unit);
  const point = { name: "here", x: here, y: value, mode: "markers", marker: { color: theme().ink, size: 11, symbol: "diamond" }, showlegend: false };
  const traces = [...parts, whole, point].map((t) => ({ hovertemplate: `${X} = %{x:,}<br>%{y:.4s}`, ...t }));
  const layout = frame(axisOf(DATA.along, xs), valueAxis(cost));
  mark(layout, thresholds(view, cost, env), (x) => x, [xs[0], xs.at(-1)]);
  Plotly.react("plot", traces, layout, CONFIG);
}

function partTrace(cost, i, xs, ys) {
  const row = cost.rows[i];
  const drawn = !row.children.length || cost.rows[row.parent].join === "max";
  const line = { color: colours()[(i - 1) % COLOURS.length], dash: DASHES[(i - 1) % DASHES.length], width: 2.2 };
  return { name: row.name, x: xs, y: inAxis(ys, cost.unit), mode: "lines", line, visible: drawn ? true : "legendonly", meta: i };
}

// -- the second cost over the first, by the axis
function drawFrontier(view, env) {
  const [across, up] = view.costs;
  const limit = view.marks.filter((m) => m.shade === "grey").map((m) => call(m, env));
  const most = Math.min(Infinity, ...limit);
  const xs = DATA.along.points.filter((x) => x <= most);
  const first = inAxis(curves(across, env, xs)[0], across.unit);
  const second = inAxis(curves(up, env, xs)[0], up.unit);
  const colorbar = { title: { text: X }, tickvals: [0, 2, 4, 6, 8, 10, 12], ticktext: [1, 4, 16, 64, 256, 1024, 4096].map(String), thickness: 12 };
  const marker = { color: xs.map((x) => Math.log2(x)), colorscale: "Viridis", size: 7, colorbar, cmin: 0, line: { width: 0.5, color: theme().soft } };
  const curve = { name: "frontier", x: first, y: second, customdata: xs, mode: "lines+markers", marker, line: { color: theme().soft, width: 1 } };
  const said = xs.map((x, i) => i).filter((i) => labelled(xs[i], xs.at(-1)));
  const labels = { name: "labels", x: said.map((i) => first[i]), y: said.map((i) => second[i]), text: said.map((i) => `\u00a0\u00a0${X}=${number(xs[i])}\u00a0`), mode: "text", textposition: said.map((i) => (i === xs.length - 1 ? "top left" : "bottom right")), hoverinfo: "skip", textfont: { color: theme().ink } };
  const value = state.values[X];
  const here = { name: "here", x: inAxis([evaluate(across, env)[0]], across.unit), y: inAxis([evaluate(up, env)[0]], up.unit), mode: "markers", marker: { symbol: "diamond-open", size: 15, color: theme().ink, line: { width: 2.5 } } };
  const shown = value <= most ? [curve, labels, here] : [curve, labels];
  const layout = frame(valueAxis(across, first), valueAxis(up, second));
  layout.showlegend = false;
  const at = (x) => inAxis([evaluate(across, { ...env, [X]: x })[0]], across.unit)[0];
  const found = thresholds(view, across, env).map((t) => ({ ...t, shade: "", none: t.none || !xs.length }));
  if (xs.length) mark(layout, found, at, [xs[0], xs.at(-1)], true);
  else nothingFits(layout);
  const traces = shown.map((t) => ({ hovertemplate: `${X} = %{customdata:,}<br>%{x:.4s}, %{y:.4s}<extra></extra>`, showlegend: false, ...t }));
  Plotly.react("plot", traces, layout, CONFIG);
}

function labelled(x, last) {
  const power = Math.log2(x) / 2;
  return x === last || (Number.isInteger(power) && 2 * x <= last);
}

// -- what binds where, over two letters; what was seen keeps its colour
const seen = [];

function drawMap(cost, env) {
  const [xs, ys] = [DATA.along, DATA.sliders[0]].map((r) => spread(r.stops[0], r.stops.at(-1), narrow() ? 70 : 120));
  const names = seen;
  const place = { ...env };
  const cells = ys.map((y) => xs.map((x) => {
    [place[X], place[Y]] = [x, y];
    const word = regime(cost, evaluate(cost, place));
    if (!names.includes(word)) names.push(word);
    return names.indexOf(word);
  }));
  const steps = names.flatMap((_, i) => [[i / names.length, colours()[i % COLOURS.length]], [(i + 1) / names.length, colours()[i % COLOURS.length]]]);
  const text = cells.map((row) => row.map((i) => names[i]));
  const heat = { type: "heatmap", x: xs, y: ys, z: cells, text, colorscale: steps, zmin: -0.5, zmax: names.length - 0.5, opacity: 0.6, showscale: false, hovertemplate: `${X} = %{x:.4s}, ${Y} = %{y:.4s}<br>%{text}<extra></extra>` };
  const key = names.map((name, i) => ({ name, x: [null], y: [null], mode: "markers", marker: { symbol: "square", size: 12, opacity: 0.6, color: colours()[i % COLOURS.length] } }));
  const upright = (t) => t.along === "x" && cost.ties.some((o) => o.along === "y" && o.node === t.node && String(o.pair) === String(t.pair));
  const lines = cost.ties.filter((t) => !upright(t)).map((t, i) => border(cost, t, env, xs, ys, i)).filter((t) => t.x.length);
  const here = { name: "here", x: [state.values[X]], y: [state.values[Y]], mode: "markers", showlegend: false, marker: { symbol: "diamond", size: 12, color: theme().ink } };
  const layout = frame(axisOf(DATA.along, xs), axisOf(DATA.sliders[0], ys, true));
  Plotly.react("map", [heat, ...key, ...lines, here], layout, CONFIG);
}

function spread(low, high, count) {
  return Array.from({ length: count + 1 }, (_, i) => low * Math.pow(high / low, i / count));
}

// The line on which two parts tie, where that is a change of what binds.
function border(cost, tie, env, xs, ys, i) {
  const [x, y] = [[], []];
  const fine = tie.along === "y" ? spread(xs[0], xs.at(-1), 400) : spread(ys[0], ys.at(-1), 400);
  const [low, high] = tie.along === "y" ? [ys[0], ys.at(-1)] : [xs[0], xs.at(-1)];
  const [given, solved] = tie.along === "y" ? [X, Y] : [Y, X];
  const place = { ...env };
  for (const along of fine) {
    place[given] = along;
    const at = ends(tie, place).find((v) => v >= low && v <= high && tied(cost, tie, { ...place, [solved]: v }));
    x.push(at === undefined ? null : tie.along === "y" ? along : at);
    y.push(at === undefined ? null : tie.along === "y" ? at : along);
  }
  const some = x.some((v) => v !== null);
  return { name: tie.label, x: some ? x : [], y: some ? y : [], mode: "lines", line: { color: theme().ink, width: 2.5, dash: DASHES[i % DASHES.length] }, hoverinfo: "name" };
}

// -- axes, marks, shades
function axisOf(range, values, brief) {
  const unit = DATA.units[range.unit].axis;
  const title = range.name + (unit ? ` [${unit}]` : "") + (range.meaning && !narrow() && !brief ? `, ${range.meaning}` : "");
  return { title: { text: escaped(title) }, ...logAxis([values[0], values.at(-1)]), ...(range.whole ? powersOf(values[0], values.at(-1)) : {}) };
}

// Ticks at 1, 2, 5 times powers of ten, or closer, each with its unit where the axis has none.
function niceTicks([low, high], unit) {
  const { axis, factor } = DATA.units[unit];
  const steps = high / low < 12 && !(narrow() && !axis) ? [1, 1.5, 2, 3, 4, 5, 7] : [1, 2, 5];
  const first = Math.floor(Math.log10(low));
  const all = [0, 1, 2, 3, 4].flatMap((k) => steps.map((step) => plain(step * Math.pow(10, first + k), 3)));
  const tickvals = all.filter((v) => v >= low && v <= high);
  return { tickvals, ticktext: tickvals.map((v) => (axis ? number(v) : quantity(v / factor, unit))), ticksuffix: "", tickangle: 0 };
}

// Ticks at powers of 2, 4, 16 or 1000 for what is counted.
function powersOf(low, high) {
  const base = [2, 4, 10, 100, 1000].find((b) => Math.log(high / low) / Math.log(b) < (narrow() ? 7 : 11)) || 1e6;
  const tickvals = Array.from({ length: 60 }, (_, i) => Math.pow(base, i)).filter((v) => v >= low * 0.999 && v <= high * 1.001);
  return { tickvals, ticktext: tickvals.map((v) => (v < 1e6 ? v.toLocaleString("en-US") : number(v))) };
}

function valueAxis(cost, values) {
  const { axis, tick } = DATA.units[cost.unit];
  const [low, high] = values && values.length ? [Math.min(...values), Math.max(...values)] : [];
  const room = Math.max(1.08, (high / low) ** 0.06); // for the labels of the ends
  const ends = low > 0 ? [low / room, high * room] : undefined;
  const ticks = ends && ends[1] / ends[0] < 1000 ? niceTicks(ends, cost.unit) : {};
  return { title: { text: escaped(cost.name) + (axis ? ` [${axis}]` : "") }, ticksuffix: tick, ...logAxis(ends, true), ...ticks };
}

function logAxis(ends, si) {
  const { grid, soft } = theme();
  const decades = ends ? Math.log10(ends[1] / ends[0]) : 4;
  const found = { type: "log", gridcolor: grid, linecolor: soft, showline: true, mirror: true, ticks: "outside", tickcolor: soft, automargin: true };
  const format = si ? { exponentformat: "SI", minexponent: 0 } : { exponentformat: "power", tickformat: ",~r" };
  const span = ends ? { range: ends.map(Math.log10) } : { autorange: true };
  return { ...found, ...format, ...span, dtick: decades > 2.2 ? (decades > 7 ? 2 : 1) : "D2" };
}

function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
}

function frame(xaxis, yaxis) {
  const { ink, paper } = theme();
  return {
    xaxis,
    yaxis,
    paper_bgcolor: paper,
    plot_bgcolor: paper,
    font: { color: ink, size: narrow() ? 11 : 13, family: "system-ui, sans-serif" },
    margin: { l: narrow() ? 48 : 64, r: 26, t: 30, b: 48 },
    legend: { orientation: "h", y: narrow() ? -0.3 : -0.2, yanchor: "top", x: 0 },
    hovermode: "closest",
    uirevision: "keep",
    shapes: [],
    annotations: [],
  };
}

// A line for each threshold on the axis, a shade beyond it; places on the plot are what `at` makes of the axis.
function mark(layout, found, at, [low, high]) {
  const { ink, paper, soft } = theme();
  const letters = lettered(found);
  if (found.some((f) => f.none)) nothingFits(layout);
  for (const f of found) {
    const first = f.at.find((x) => x < high);
    if (f.shade && first !== undefined) layout.shapes.push(shade(Math.max(at(first), low), at(high), theme()[f.shade]));
    if (!letters.has(f.id)) continue;
    const row = [...letters.keys()].indexOf(f.id);
    for (const x of f.at.filter((x) => x >= low && x <= high).map(at)) {
      layout.shapes.push({ type: "line", x0: x, x1: x, yref: "paper", y0: 0, y1: 1, line: { color: soft, width: 1.5, dash: "dash" } });
      const text = `<b>${letters.get(f.id)}</b>` + (narrow() ? "" : " " + escaped(f.label));
      const right = Math.log10(x) > layout.xaxis.range[0] + 0.7 * (layout.xaxis.range[1] - layout.xaxis.range[0]);
      layout.annotations.push({ x: Math.log10(x), yref: "paper", y: 1, yshift: -4 - 19 * row, yanchor: "top", xanchor: right ? "right" : "left", text, showarrow: false, bgcolor: paper, font: { color: ink, size: 12 }, opacity: 0.9 });
    }
  }
}

function nothingFits(layout) {
  layout.shapes.push({ type: "rect", xref: "paper", yref: "paper", x0: 0, x1: 1, y0: 0, y1: 1, fillcolor: theme().grey, line: { width: 0 }, layer: "below" });
  layout.annotations.push({ xref: "paper", yref: "paper", x: 0.5, y: 0.5, text: "<b>does not fit into memory</b>", showarrow: false, bgcolor: theme().paper, font: { color: theme().ink, size: 15 } });
}

function shade(from, to, fillcolor) {
  return { type: "rect", x0: from, x1: to, yref: "paper", y0: 0, y1: 1, fillcolor, line: { width: 0 }, layer: "below" };
}
