// Controls, the state in the link, copying; everything is redrawn from the state.

function change(what) {
  Object.assign(state.values, what.values);
  Object.assign(state.choices, what.choices);
  if (what.cost !== undefined) state.cost = what.cost;
  settle();
  schedule();
}

// What the choice before does not have (a slice of another chip) becomes what is closest to it.
let last = [];
function settle() {
  DATA.choices.forEach((c, i) => {
    const inside = options(c);
    const found = inside.find((o) => o.name === state.choices[c.key]) || closest(inside, last[i]);
    state.choices[c.key] = found.name;
  });
  last = chosen();
  state.cost = Math.min(Math.max(0, state.cost), currentView().costs.length - 1);
}

function closest(inside, before) {
  const far = (o) => Object.keys(o.values).reduce((sum, k) => sum + (before && before.values[k] > 0 ? Math.abs(Math.log(o.values[k] / before.values[k])) : 0), 0);
  return inside.reduce((best, o) => (far(o) < far(best) ? o : best));
}

let waiting = false;
function schedule() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    redraw();
  });
}

// A title that names what is chosen follows it.
function showTitle() {
  const picked = Object.fromEntries(DATA.choices.map((c, i) => [c.key, chosen()[i].title]));
  document.title = byId("title").textContent = DATA.title.map((piece) => piece.text ?? picked[piece.choice]).join("");
}

function redraw() {
  showTitle();
  showControls();
  const view = currentView();
  const env = environment();
  const missing = lacking(view.costs[state.cost], env);
  byId("problem").textContent = missing.length
    ? `Nothing that is chosen gives ${missing.join(", ")}; choose something else.`
    : "";
  fillTables(view, env);
  if (canDraw()) draw(view, env);
  saveLink();
}

function nearestStop(stops, value) {
  return stops.reduce((best, stop, i) => (Math.abs(Math.log(stop / value)) < Math.abs(Math.log(stops[best] / value)) ? i : best), 0);
}

function showControls() {
  for (const r of RANGES) {
    const slider = byId("slider-" + r.name);
    const value = state.values[r.name];
    slider.value = String(nearestStop(r.stops, value));
    slider.setAttribute("aria-valuetext", quantity(value, r.unit));
    const box = byId("number-" + r.name);
    if (document.activeElement !== box) box.value = value < 1e12 ? String(value) : value.toExponential();
  }
  for (const c of DATA.choices) {
    const found = options(c);
    const input = byId("choice-" + c.key);
    const place = found.findIndex((o) => o.name === state.choices[c.key]);
    if (c.slider) {
      input.max = String(found.length - 1);
      input.value = String(place);
      input.setAttribute("aria-valuetext", found[place].title);
      byId("said-" + c.key).textContent = found[place].title;
      continue;
    }
    if ([...input.options].map((o) => o.value).join("\n") !== found.map((o) => o.name).join("\n")) {
      input.replaceChildren(...found.map((o) => new Option(o.title, o.name)));
    }
    input.selectedIndex = place;
  }
}

function listen() {
  for (const r of RANGES) {
    byId("slider-" + r.name).addEventListener("input", (e) => change({ values: { [r.name]: r.stops[Number(e.target.value)] } }));
    const box = byId("number-" + r.name);
    box.addEventListener("input", () => allowed(r, box.value) && change({ values: { [r.name]: Number(box.value) } }));
    box.addEventListener("blur", () => showControls());
  }
  for (const c of DATA.choices) {
    byId("choice-" + c.key).addEventListener("input", (e) => {
      const found = options(c);
      change({ choices: { [c.key]: (c.slider ? found[Number(e.target.value)] : found[e.target.selectedIndex]).name } });
    });
  }
  document.querySelector("form").addEventListener("submit", (e) => e.preventDefault());
  byId("copy-latex").addEventListener("click", () => copy(asLatex(), "LaTeX copied."));
  byId("copy-link").addEventListener("click", () => copy(location.href, "Link copied."));
  byId("reset").addEventListener("click", () => change(structuredClone(START)));
  window.addEventListener("hashchange", () => readLink() && schedule());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", schedule);
  let width = 0; // a cell of a notebook may be drawn before it has one
  const resized = () => width !== document.documentElement.clientWidth && (width = document.documentElement.clientWidth) && schedule();
  new ResizeObserver(resized).observe(document.documentElement);
}

function allowed(r, text) {
  const value = Number(text);
  return text !== "" && Number.isFinite(value) && value > 0 && value < 1e30;
}

// -- the state in the link
let written = "";
function saveLink() {
  const said = new URLSearchParams();
  for (const r of RANGES) said.set(r.name, String(state.values[r.name]));
  for (const c of DATA.choices) said.set("~" + c.key, state.choices[c.key]);
  if (state.cost) said.set("~show", String(state.cost));
  written = "#" + said.toString();
  if (location.hash === written) return;
  try {
    history.replaceState(null, "", written);
  } catch {
    location.hash = written;
  }
}

function readLink() {
  if (location.hash === written || location.hash.length < 2) return false;
  const said = new URLSearchParams(location.hash.slice(1));
  for (const r of RANGES) if (allowed(r, said.get(r.name) ?? "")) state.values[r.name] = Number(said.get(r.name));
  for (const c of DATA.choices) if (c.options.some((o) => o.name === said.get("~" + c.key))) state.choices[c.key] = said.get("~" + c.key);
  if (/^\d+$/.test(said.get("~show") ?? "")) state.cost = Number(said.get("~show"));
  settle();
  return true;
}

async function copy(text, done) {
  const box = byId("copied");
  box.value = text;
  box.hidden = false;
  try {
    await navigator.clipboard.writeText(text);
    byId("copied-said").textContent = done;
  } catch {
    box.select();
    const worked = document.execCommand("copy");
    byId("copied-said").textContent = worked ? done : "Copy the text below.";
  }
}

listen();
readLink();
settle();
redraw();
around(brought() ? { here: true } : { wanted: true });
document.documentElement.dataset.ready = "yes";

// For a console, and for tests.
window.symroof = {
  state,
  change,
  asLatex,
  quantity,
  evaluate: (moved, cost) => evaluate(currentView().costs[cost ?? state.cost], environment(moved)),
  thresholds: (moved) => thresholds(currentView(), currentView().costs[state.cost], environment(moved)),
  scenes,
  ticks,
  place: (id, x, y) => [charts[id].valToPos(x, "x", true), charts[id].valToPos(y, "y", true)].map((v) => v / uPlot.pxRatio),
  regime: (moved) => regime(currentView().costs[state.cost], evaluate(currentView().costs[state.cost], environment(moved))),
};
