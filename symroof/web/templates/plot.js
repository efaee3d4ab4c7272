// What a plot shows, as plain data: lines along the axis, a frontier, or a map over two letters; chart.js draws it.
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8a7a00", "#999999"];
const DARK_COLOURS = ["#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#3f97d0", "#F0E442", "#999999"];
const DASHES = [[8, 5], [2, 3], [8, 3, 2, 3], [14, 4], [14, 3, 2, 3], [6, 2], [2, 6], [12, 4, 2, 4, 2, 4]];
const colour = (place) => (isDark() ? DARK_COLOURS : COLOURS)[place % COLOURS.length];

function draw(view, env) {
  const cost = view.costs[state.cost];
  if (DATA.kind === "map") show("map", regions(cost, env));
  show("plot", DATA.kind === "frontier" ? frontier(view, env) : lines(view, cost, env));
}

// A name keeps its colour, whatever is chosen and however wide the window is: that of its place among `all` the names there are,
// or the next one where another name on the same plot has it.
function placed(names, all) {
  const taken = new Set();
  return names.map((name) => {
    let place = all.indexOf(name);
    while (taken.has(place % COLOURS.length) && taken.size < COLOURS.length) place++;
    taken.add(place % COLOURS.length);
    return place;
  });
}

const PARTS = [...new Set(Object.values(DATA.views).flatMap((v) => v.costs.flatMap((c) => c.rows.slice(1).map((r) => r.path))))];

// -- lines
function lines(view, cost, env) {
  const xs = DATA.along.points;
  const found = curves(cost, env, xs);
  const values = evaluate(cost, env);
  const whole = { name: cost.name, y: found[0], here: values[0], colour: theme().ink, dash: [], width: 3 };
  const places = placed(cost.rows.slice(1).map((r) => r.path), PARTS);
  const parts = cost.rows.slice(1).map((row, i) => ({
    name: row.name,
    path: row.path,
    y: found[i + 1],
    here: values[i + 1],
    colour: colour(places[i]),
    dash: DASHES[places[i] % DASHES.length],
    width: 2.2,
    hidden: row.children.length > 0 && cost.rows[row.parent].join !== "max",
  }));
  const here = { x: state.values[X], y: values[0] };
  const seen = [...parts.filter((l) => !l.hidden).flatMap((l) => l.y), ...whole.y, here.y];
  const scene = { xs, lines: [...parts, whole], dots: [here], x: rangeAxis(DATA.along), y: costAxis(cost, seen) };
  return { ...scene, ...marked(thresholds(view, cost, env), (x) => x, [xs[0], xs.at(-1)]) };
}

// -- the second cost over the first, by the axis; batches that do not fit are dotted, as far as a mark lies on them
function frontier(view, env) {
  const [across, up] = view.costs;
  const found = thresholds(view, across, env);
  const all = DATA.along.points;
  const most = largestThatFits(view, env);
  const far = most < all[0] ? Infinity : Math.max(most, ...found.flatMap((t) => t.at).filter((x) => x <= all.at(-1)));
  const batches = all.filter((x, i) => !i || all[i - 1] < far);
  const end = batches.filter((x) => x <= most).at(-1);
  const [first, second] = [across, up].map((cost) => curves(cost, env, batches)[0]);
  const at = (x) => evaluate(across, { ...env, [X]: x })[0];
  const [now, y] = [state.values[X], evaluate(up, env)[0]];
  const say = (v, i) => (Number.isFinite(v) ? `${quantity(v, up.unit)} at ${X} = ${number(batches[i] ?? now)}` : "");
  const curve = (name, on, here, look) => ({ name, say, here: here ? y : NaN, width: 3, ...look, y: second.map((v, i) => (on(batches[i]) ? v : null)) });
  const fits = curve("frontier", (x) => x <= most, now <= most, { colour: colour(0), dash: [] });
  const beyond = curve("does not fit", (x) => end === undefined || x >= end, now > most, { colour: theme().soft, dash: [2, 4] });
  const named = batches.flatMap((x, i) => (x === end ? [] : Number.isInteger(Math.log2(x) / 2) ? [i] : []));
  const labels = [...(end ? [batches.indexOf(end)] : []), ...named].map((i) => ({ x: first[i], y: second[i], text: `${X}=${number(batches[i])}` }));
  return {
    batches,
    xs: first,
    lines: end === batches.at(-1) ? [fits] : [fits, beyond],
    labels,
    dots: now <= batches.at(-1) ? [{ x: at(now), y, open: true }] : [],
    x: costAxis(across, first),
    y: costAxis(up, [...second, 1.4 * Math.max(...second)]),
    ...marked(found, at, [batches[0], batches.at(-1)], most),
  };
}

// -- what binds where, over two letters
function regions(cost, env) {
  const [xs, ys] = [DATA.along, DATA.sliders[0]].map((r) => spread(r.stops[0], r.stops.at(-1), 120));
  const place = { ...env };
  const words = ys.map((y) => xs.map((x) => {
    [place[X], place[Y]] = [x, y];
    return regime(cost, evaluate(cost, place));
  }));
  const all = regimesOf(cost);
  const seen = new Set(words.flat());
  const names = all.filter((name) => seen.has(name));
  const colours = new Map(placed(names, all).map((place, i) => [names[i], colour(place)]));
  const upright = (t) => t.along === "x" && cost.ties.some((o) => o.along === "y" && o.node === t.node && String(o.pair) === String(t.pair));
  const borders = cost.ties.filter((t) => !upright(t)).map((t, i) => border(cost, t, env, xs, ys, i)).filter((b) => b.x.length);
  return {
    xs,
    lines: [],
    cells: { ys, words, colours },
    paths: borders,
    keys: [...names.map((name) => ({ name, fill: colours.get(name) })), ...borders],
    dots: [{ x: state.values[X], y: state.values[Y] }],
    x: rangeAxis(DATA.along),
    y: rangeAxis(DATA.sliders[0], true),
  };
}

function spread(low, high, count) {
  return Array.from({ length: count + 1 }, (_, i) => low * Math.pow(high / low, i / count));
}

// The line on which two parts tie, where that is a change of what binds.
function border(cost, tie, env, xs, ys, i) {
  const along = tie.along === "y";
  const [given, solved, fine, across] = along ? [X, Y, xs, ys] : [Y, X, ys, xs];
  const place = { ...env };
  const found = spread(fine[0], fine.at(-1), 400).map((v) => {
    place[given] = v;
    const at = ends(tie, place).find((w) => w >= across[0] && w <= across.at(-1) && tied(cost, tie, { ...place, [solved]: w }));
    return at === undefined ? [null, null] : along ? [v, at] : [at, v];
  });
  const some = found.some(([x]) => x !== null);
  return { name: tie.label, x: some ? found.map((p) => p[0]) : [], y: some ? found.map((p) => p[1]) : [], colour: theme().ink, width: 2.5, dash: DASHES[i % DASHES.length] };
}

// -- axes: what they are called, between what ends, and how a value on them is said
function rangeAxis(range, brief) {
  const unit = DATA.units[range.unit].axis;
  const label = range.name + (unit ? ` [${unit}]` : "") + (range.meaning && !narrow() && !brief ? `, ${range.meaning}` : "");
  return { name: range.name, label, range: [range.stops[0], range.stops.at(-1)], unit: range.unit, whole: range.whole };
}

function costAxis(cost, values) {
  const { axis } = DATA.units[cost.unit];
  const seen = values.filter((v) => v > 0 && Number.isFinite(v));
  const [low, high] = seen.length ? [Math.min(...seen), Math.max(...seen)] : [1, 10];
  const room = Math.max(1.08, Math.pow(high / low, 0.06)); // for the labels of the ends
  return { name: cost.name, label: cost.name + (axis ? ` [${axis}]` : ""), range: [low / room, high * room], unit: cost.unit, whole: false };
}

// Ticks at powers of 2, 4, 10, ... of what is counted; else at 1, 2, 5 times powers of ten, or as close as there is room for.
function ticks([low, high], { unit, whole }, most) {
  const { axis, factor } = DATA.units[unit];
  const powers = (base, steps = [1]) => {
    const first = Math.floor(Math.log(low * factor) / Math.log(base) + 1e-9);
    const count = Math.min(60, Math.ceil(Math.log(high / low) / Math.log(base)) + 2);
    const all = Array.from({ length: count }, (_, k) => steps.map((s) => plain(s * Math.pow(base, first + k), 12))).flat();
    return all.filter((v) => v >= low * factor * 0.9999 && v <= high * factor * 1.0001);
  };
  const tens = [() => powers(10, [1, 1.5, 2, 3, 4, 5, 7]), () => powers(10, [1, 2, 5]), () => powers(10)];
  const sparse = [() => powers(100), () => powers(1000), () => powers(1e6)];
  const twos = whole && high / low > 8 ? [() => powers(2), () => powers(4), () => powers(10)] : tens;
  const found = [...twos, ...sparse].map((make) => make()).find((t) => t.length <= most) || [];
  return found.map((v) => ({ at: v / factor, text: axis || whole ? number(v) : quantity(v / factor, unit) }));
}

// -- a line for each threshold on the axis, a shade beyond it; places on the plot are what `at` makes of the axis
function marked(found, at, [low, high], most = Infinity) {
  const letters = lettered(found);
  const shades = [];
  const uprights = [];
  for (const f of found) {
    const first = f.at.find((x) => x < high);
    if (f.shade && first !== undefined) shades.push({ from: at(Math.max(first, low)), fill: theme()[f.shade] });
    if (!letters.has(f.id)) continue;
    for (const x of f.at.filter((x) => x >= low && x <= high)) {
      const words = (narrow() ? "" : " " + f.label) + (x > most ? " (does not fit)" : "");
      uprights.push({ x: at(x), text: letters.get(f.id) + words, row: [...letters.keys()].indexOf(f.id) });
    }
  }
  const nothing = found.some((f) => f.none) || most < low;
  if (nothing) shades.splice(0, shades.length, { from: 0, fill: theme().grey });
  return { shades, uprights, said: nothing ? `does not fit into memory, not even at ${X} = ${number(low)}` : "" };
}
