// The page's state, and the exported functions evaluated at it.
const X = DATA.along.name;
const Y = DATA.kind === "map" ? DATA.sliders[0].name : "";
const RANGES = [DATA.along, ...DATA.sliders];

const START = {
  values: Object.fromEntries(RANGES.map((r) => [r.name, r.start])),
  choices: Object.fromEntries(DATA.choices.map((c) => [c.key, c.start])),
  cost: 0,
};
const state = structuredClone(START);

function options(choice) {
  const before = DATA.choices[DATA.choices.indexOf(choice) - 1];
  const inside = choice.options.filter((o) => !o.within || o.within === (before && state.choices[before.key]));
  return inside.length ? inside : choice.options;
}

function chosen() {
  return DATA.choices.map((c) => options(c).find((o) => o.name === state.choices[c.key]) || options(c)[0]);
}

function currentView() {
  const family = chosen().map((o) => o.family).filter(Boolean).join("|");
  return { family, ...DATA.views[family] };
}

// Every letter's value: defaults of sheets, then sheets, then what is fixed, then the sliders.
const unresolved = {}; // what a letter without a number stands for
function environment(moved) {
  const picked = chosen();
  const layers = [...picked.map((o) => o.defaults), ...picked.map((o) => o.values), DATA.fixed, state.values, moved || {}];
  const env = Object.assign(Object.create(null), ...layers);
  const resolved = Object.create(null);
  for (const name of Object.keys(env)) {
    let value = env[name];
    let stands = name;
    for (let i = 0; typeof value === "string" && i < 5; i++) [stands, value] = [value, env[value]];
    resolved[name] = typeof value === "number" ? value : NaN;
    unresolved[name] = stands;
  }
  return resolved;
}

function call(formula, env) {
  return FUNCTIONS[formula.fn](...formula.args.map((name) => (name in env ? env[name] : NaN)));
}

function lacking(formula, env) {
  return formula.args.filter((name) => !Number.isFinite(env[name])).map((name) => unresolved[name] || name);
}

// The whole and its parts, in the order of the rows.
function evaluate(cost, env) {
  const found = call(cost, env);
  return typeof found === "number" ? [found] : [found.value, ...Object.values(found.parts)];
}

function curves(cost, env, points) {
  const found = cost.rows.map(() => []);
  const place = { ...env };
  for (const x of points) {
    place[X] = x;
    evaluate(cost, place).forEach((value, i) => found[i].push(value));
  }
  return found;
}

function largest(rows, values) {
  return rows.reduce((best, i) => (values[i] > values[best] ? i : best), rows[0]);
}

// The rows that bind: of every maximum that is reached the largest part.
function binding(cost, values) {
  const bound = new Set();
  if (!Number.isFinite(values[0])) return bound;
  const walk = (i) => {
    const row = cost.rows[i];
    const reached = row.join === "max" ? [largest(row.children, values)] : row.children;
    if (row.join === "max") bound.add(reached[0]);
    reached.forEach(walk);
  };
  walk(0);
  return bound;
}

// What binds as text, as the regimes of the engine say it: "MLP: weights, mostly attention".
function regime(cost, values) {
  const words = [];
  const walk = (i) => {
    const row = cost.rows[i];
    if (row.join !== "max") return row.children.forEach(walk);
    const winner = largest(row.children, values);
    words.push((i ? row.name + ": " : "") + cost.rows[winner].name);
    walk(winner);
  };
  walk(0);
  const top = cost.rows[0];
  if (top.join === "sum") words.push("mostly " + cost.rows[largest(top.children, values)].name);
  return words.join(", ");
}

// Every regime that there can be, in the order of the parts.
function regimesOf(cost) {
  const each = (lists) => lists.reduce((found, list) => found.flatMap((a) => list.map((b) => [...a, ...b])).slice(0, 4096), [[]]);
  const walk = (i) => {
    const row = cost.rows[i];
    if (row.join !== "max") return each(row.children.map(walk));
    return row.children.flatMap((c) => walk(c).map((rest) => [(i ? row.name + ": " : "") + cost.rows[c].name, ...rest]));
  };
  const top = cost.rows[0];
  const mostly = top.join === "sum" ? top.children.map((c) => ["mostly " + cost.rows[c].name]) : [[]];
  return each([walk(0), mostly]).map((words) => words.join(", "));
}

// The finite ends of a bound: a threshold, or those of its intervals.
function ends(bound, env) {
  if (lacking(bound, env).length) return [];
  const found = call(bound, env);
  const all = typeof found === "number" ? [found] : found.flat();
  return all.filter((x) => x > 0 && Number.isFinite(x));
}

// The smallest mark beyond which there is no room.
function largestThatFits(view, env) {
  return Math.min(Infinity, ...view.marks.filter((m) => m.shade === "grey" && !lacking(m, env).length).map((m) => call(m, env)));
}

function near(a, b) {
  return Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b));
}

// Whether two parts really tie for the largest of their join, in what is reached.
function tied(cost, tie, env) {
  if (lacking(cost, env).length) return false;
  const values = evaluate(cost, env);
  const top = values[largest(cost.rows[tie.node].children, values)];
  return tie.pair.every((i) => near(values[i], top)) && reached(cost, tie.node, values);
}

function reached(cost, node, values) {
  for (let i = node; cost.rows[i].parent >= 0; i = cost.rows[i].parent) {
    const parent = cost.rows[cost.rows[i].parent];
    if (parent.join === "max" && !near(values[i], values[largest(parent.children, values)])) return false;
  }
  return true;
}

// The marks of the view and the ties of the cost, each with where it lies; a tie at a mark's place is the same thing.
function thresholds(view, cost, env) {
  const found = view.marks.map((m, i) => ({ ...m, id: "mark" + i, along: "x", at: ends(m, env), none: m.shade === "grey" && !lacking(m, env).length && call(m, env) === 0 }));
  cost.ties.forEach((t, i) => {
    const axis = t.along === "x" ? X : Y;
    const at = ends(t, env).filter((x) => tied(cost, t, { ...env, [axis]: x }));
    const same = at.length > 0 && at.every((x) => found.some((f) => f.along === t.along && f.at.some((y) => near(x, y))));
    found.push({ ...t, id: "tie" + i, at: same ? [] : at, same, shade: "" });
  });
  return found;
}
