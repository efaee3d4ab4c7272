// A scene drawn by uPlot: axes, zoom, cursor and legend are the library's; shades, marks and labels are drawn on its canvas.
const LIGHT = { ink: "#1a1a1a", soft: "#5c5c5c", grid: "#e3e3e3", paper: "#ffffff", grey: "rgba(90,90,90,0.22)", tint: "rgba(213,94,0,0.12)" };
const DARK = { ink: "#eeeeee", soft: "#b0b0b0", grid: "#3a3d42", paper: "#1c1e22", grey: "rgba(200,200,200,0.22)", tint: "rgba(230,159,0,0.16)" };
const isDark = () => matchMedia("(prefers-color-scheme: dark)").matches;
const theme = () => (isDark() ? DARK : LIGHT);
const narrow = () => window.innerWidth < 620;
const FONT = "12px system-ui, sans-serif";

const scenes = {};
const charts = {};
const zoomed = {}; // by place: the ends of both axes, and of which scene
const toggled = {}; // by place and line: whether it is hidden

function show(id, scene) {
  const box = byId(id);
  const kind = [scene.x.name, scene.y.name].join();
  if (zoomed[id] && zoomed[id].kind !== kind) delete zoomed[id];
  toggled[id] ||= {};
  charts[id]?.destroy();
  scenes[id] = scene;
  const scale = (way) => ({ time: false, distr: 3, range: () => zoomed[id]?.[way] || scene[way].range });
  const hidden = (line) => toggled[id][line.path || line.name] ?? Boolean(line.hidden);
  const keys = scene.keys || [];
  charts[id] = new uPlot(
    {
      width: box.clientWidth,
      height: narrow() ? 330 : 450,
      padding: [12, 20, 0, 0],
      scales: { x: scale("x"), y: scale("y") },
      axes: [axis(scene.x, narrow() ? 6 : 11, false), axis(scene.y, narrow() ? 6 : 9, true)],
      series: [
        { label: scene.x.name, value: (u, v) => quantity(v ?? scene.dots[0]?.x ?? NaN, scene.x.unit) },
        ...scene.lines.map((l) => series(l, scene, !hidden(l))),
        ...keys.map((k) => ({ label: k.name, stroke: k.colour || k.fill, points: { show: false }, value: () => "" })),
      ],
      cursor: { drag: { x: true, y: true, setScale: false }, points: { size: 7 }, bind: { dblclick: () => () => unzoom(id) } },
      hooks: {
        init: [(u) => legend(u, [...scene.lines, ...keys])],
        drawClear: [(u) => onCanvas(u, (c) => under(c, scene))],
        draw: [(u) => onCanvas(u, (c) => over(c, scene))],
        setSelect: [(u) => zoom(id, u, kind)],
        setCursor: [(u) => pointed(u, scene)],
        setSeries: [(u, i, how) => i && scene.lines[i - 1] && how.show !== undefined && (toggled[id][scene.lines[i - 1].path || scene.lines[i - 1].name] = !how.show)],
      },
    },
    [scene.xs, ...scene.lines.map((l) => l.y), ...keys.map(() => scene.xs.map(() => null))],
    box
  );
}

function series(line, scene, shown) {
  const say = line.say || ((v) => quantity(v, scene.y.unit));
  const value = (u, v, s, i) => (i === null ? say(line.here ?? NaN) : line.y[i] === null ? "" : say(line.y[i], i));
  const alone = line.y.filter((v) => v !== null).length === 1;
  return { label: line.name, stroke: line.colour, width: line.width, dash: line.dash, show: shown, value, pxAlign: 0, points: { show: alone } };
}

function nearest(xs, x) {
  return xs.reduce((best, v, i) => (Math.abs(v - x) < Math.abs(xs[best] - x) ? i : best), 0);
}

function axis(of, most, upright) {
  const { soft, ink, grid } = theme();
  const lineOf = { show: true, stroke: soft, width: 1 };
  return {
    label: of.label,
    labelFont: "13px system-ui, sans-serif",
    font: FONT,
    stroke: ink,
    grid: { stroke: grid, width: 1 },
    ticks: { ...lineOf, size: 5 },
    border: lineOf,
    splits: (u, i, low, high) => ticks([low, high], of, most).map((t) => t.at),
    filter: (u, splits) => splits,
    values: (u, splits) => ticks([splits[0], splits.at(-1)], of, splits.length).map((t) => t.text),
    size: upright ? (u, texts) => 16 + 7.2 * Math.max(3, ...(texts || []).map((t) => t.length)) : 34,
    labelSize: 24,
    gap: 5,
  };
}

// The samples of the legend are lines, dashed as they are drawn, or areas.
function legend(u, all) {
  u.root.querySelectorAll(".u-series").forEach((row, i) => {
    const marker = row.querySelector(".u-marker");
    const of = all[i - 1];
    if (!of) return marker?.remove();
    const sample = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    sample.setAttribute("class", "sample");
    const shape = document.createElementNS(sample.namespaceURI, of.fill ? "rect" : "line");
    const drawn = of.fill ? { x: 8, width: 14, height: 12, fill: of.fill, opacity: 0.6 } : { x1: 0, x2: 30, y1: 6, y2: 6, stroke: of.colour, "stroke-width": of.width, "stroke-dasharray": of.dash.join(" ") };
    Object.entries(drawn).forEach(([name, value]) => shape.setAttribute(name, value));
    sample.append(shape);
    marker.replaceWith(sample);
  });
}

function zoom(id, u, kind) {
  const { left, top, width, height } = u.select;
  if (width < 8 && height < 8) return;
  const ends = (way, a, b) => (b - a < 8 ? undefined : [u.posToVal(way === "x" ? a : b, way), u.posToVal(way === "x" ? b : a, way)]);
  const before = zoomed[id];
  zoomed[id] = { kind, x: ends("x", left, left + width) || before?.x, y: ends("y", top, top + height) || before?.y };
  schedule();
}

function unzoom(id) {
  delete zoomed[id];
  schedule();
}

// Over a map: what binds under the pointer.
function pointed(u, scene) {
  if (!scene.cells) return;
  const [x, y] = [u.posToVal(u.cursor.left, "x"), u.posToVal(u.cursor.top, "y")];
  const inside = u.cursor.left >= 0 && u.cursor.top >= 0;
  const word = inside && scene.cells.words[nearest(scene.cells.ys, y)]?.[nearest(scene.xs, x)];
  u.over.title = word ? `${X} = ${number(x, 3)}, ${Y} = ${number(y, 3)}: ${word}` : "";
}

// -- on the canvas, in CSS pixels
function onCanvas(u, work) {
  const ratio = uPlot.pxRatio;
  const { ctx } = u;
  const box = Object.fromEntries(Object.entries(u.bbox).map(([name, v]) => [name, v / ratio]));
  const at = (way) => (v) => u.valToPos(Math.max(v, 1e-300), way, true) / ratio;
  ctx.save();
  ctx.scale(ratio, ratio);
  ctx.font = FONT;
  ctx.beginPath();
  ctx.rect(box.left, box.top, box.width, box.height);
  ctx.clip();
  work({ ctx, box, x: at("x"), y: at("y"), right: box.left + box.width, bottom: box.top + box.height });
  ctx.restore();
}

function under(c, scene) {
  const { ctx, box } = c;
  for (const s of scene.shades || []) {
    const from = s.from > 0 ? Math.max(c.x(s.from), box.left) : box.left;
    ctx.fillStyle = s.fill;
    ctx.fillRect(from, box.top, c.right - from, box.height);
  }
  if (scene.cells) paint(c, scene);
}

// The cells of a map, those of one regime in a row together.
function paint(c, { xs, cells }) {
  const between = (values, i) => (i <= 0 ? values[0] : i >= values.length ? values.at(-1) : Math.sqrt(values[i - 1] * values[i]));
  c.ctx.globalAlpha = 0.6;
  cells.words.forEach((row, j) => {
    const [top, bottom] = [c.y(between(cells.ys, j + 1)), c.y(between(cells.ys, j))].map(Math.round);
    for (let i = 0, k; i < row.length; i = k) {
      for (k = i + 1; k < row.length && row[k] === row[i]; ) k++;
      const [left, right] = [c.x(between(xs, i)), c.x(between(xs, k))].map(Math.round);
      c.ctx.fillStyle = cells.colours.get(row[i]);
      c.ctx.fillRect(left, top, right - left, bottom - top);
    }
  });
  c.ctx.globalAlpha = 1;
}

function over(c, scene) {
  const { ctx, box } = c;
  const { ink, soft, paper } = theme();
  const taken = [];
  for (const p of scene.paths || []) stroke(ctx, p, p.x.map((x, i) => (x === null ? null : [c.x(x), c.y(p.y[i])])));
  for (const mark of scene.uprights || []) {
    const x = c.x(mark.x);
    stroke(ctx, { colour: soft, width: 1.5, dash: [6, 4] }, [[x, box.top], [x, c.bottom]]);
    const right = x > box.left + 0.7 * box.width;
    taken.push(write(ctx, mark.text, x + (right ? -4 : 4), box.top + 11 + 19 * mark.row, right ? "right" : "left", paper));
  }
  const points = scene.lines.flatMap((l) => (l.dash.length ? [] : l.y.map((v, i) => v !== null && [c.x(scene.xs[i]), c.y(v)]).filter(Boolean)));
  for (const mark of scene.uprights || []) for (let y = box.top; y < c.bottom; y += 8) points.push([c.x(mark.x), y]);
  scene.written = (scene.labels || []).flatMap((label) => beside(c, label, taken, points) || []);
  for (const dot of scene.dots) diamond(ctx, c.x(dot.x), c.y(dot.y), dot.open);
  ctx.font = "bold " + FONT.replace("12", "14");
  if (scene.said) write(ctx, scene.said, box.left + box.width / 2, box.top + box.height / 2, "center", paper);
}

function stroke(ctx, { colour: strokeStyle, width: lineWidth, dash }, points) {
  Object.assign(ctx, { strokeStyle, lineWidth });
  ctx.setLineDash(dash);
  ctx.beginPath();
  points.forEach((p, i) => p && (points[i - 1] ? ctx.lineTo(...p) : ctx.moveTo(...p)));
  ctx.stroke();
  ctx.setLineDash([]);
}

// A text on paper of its own; returns the box that it covers.
function write(ctx, text, x, y, textAlign, paper) {
  const width = ctx.measureText(text).width;
  const left = x - (textAlign === "right" ? width : textAlign === "center" ? width / 2 : 0);
  if (paper) {
    ctx.fillStyle = paper;
    ctx.globalAlpha = 0.85;
    ctx.fillRect(left - 3, y - 9, width + 6, 18);
    ctx.globalAlpha = 1;
  }
  Object.assign(ctx, { fillStyle: theme().ink, textAlign: "left", textBaseline: "middle" });
  ctx.fillText(text, left, y);
  return { left, right: left + width, top: y - 8, bottom: y + 8 };
}

// A dot with its label at the first place where it covers neither another nor a curve; without one, the dot alone.
function beside(c, { x, y, text }, taken, points) {
  const [left, top, width] = [c.x(x), c.y(y), c.ctx.measureText(text).width];
  c.ctx.fillStyle = theme().ink;
  c.ctx.beginPath();
  c.ctx.arc(left, top, 3, 0, 7);
  c.ctx.fill();
  const places = [[9, 12], [-9 - width, -12], [9, -12], [-9 - width, 12], [-width / 2, -15], [-width / 2, 16], [-width, -15], [-width, 16]];
  for (const [dx, dy] of places) {
    const b = { left: left + dx, right: left + dx + width, top: top + dy - 7, bottom: top + dy + 7 };
    const inside = b.left > c.box.left && b.right < c.right && b.top > c.box.top && b.bottom < c.bottom;
    const free = !taken.some((o) => b.left < o.right + 3 && o.left < b.right + 3 && b.top < o.bottom && o.top < b.bottom);
    if (inside && free && !points.some(([px, py]) => px > b.left - 2 && px < b.right + 2 && py > b.top - 1 && py < b.bottom + 1)) {
      taken.push(b);
      write(c.ctx, text, b.left, top + dy, "left");
      return b;
    }
  }
}

function diamond(ctx, x, y, open) {
  const size = open ? 8 : 7;
  ctx.beginPath();
  [[0, -size], [size, 0], [0, size], [-size, 0]].forEach(([dx, dy], i) => (i ? ctx.lineTo(x + dx, y + dy) : ctx.moveTo(x + dx, y + dy)));
  ctx.closePath();
  Object.assign(ctx, { fillStyle: theme().ink, strokeStyle: theme().ink, lineWidth: 2.5 });
  if (open) ctx.stroke();
  else ctx.fill();
}
