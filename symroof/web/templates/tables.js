// Formulas with numbers, results, parts and thresholds beside the plot.
function section(view) {
  return document.querySelector(`section.cost[data-family="${CSS.escape(view.family)}"][data-cost="${state.cost}"]`);
}

// Every letter's number with its unit, powers of ten as powers; in parentheses where it is raised and more than a number.
function fillNumbers(element, env) {
  for (const place of element.querySelectorAll("[data-symbol]")) {
    const text = quantity(env[place.dataset.symbol], DATA.unit_of[place.dataset.symbol]);
    const [, digits, power, unit] = text.match(/^([^×⁰-⁹¹²³⁻ ]*×?)((?:10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?)(.*)$/u);
    const parts = [maths("mn", digits.replace("×", "")), ...(digits.endsWith("×") ? [maths("mo", "×")] : []), ...(power ? [tenTo(power)] : [])];
    if (unit.trim()) parts.push(maths("mtext", "\u00a0" + unit.trim()));
    const raised = place.dataset.base && parts.length > 1;
    place.replaceChildren(...(raised ? [maths("mo", "("), ...parts, maths("mo", ")")] : parts).filter((p) => p.textContent));
  }
}

function maths(tag, ...inside) {
  const made = document.createElementNS("http://www.w3.org/1998/Math/MathML", tag);
  made.append(...inside);
  return made;
}

function tenTo(power) {
  const digits = [...power.slice(2)].map((c) => (c === "⁻" ? "−" : SUPERSCRIPTS.indexOf(c))).join("");
  return maths("msup", maths("mn", "10"), maths("mn", digits));
}

function fillTables(view, env) {
  const cost = view.costs[state.cost];
  document.querySelectorAll("section.cost").forEach((s) => (s.hidden = true));
  const shown = section(view);
  shown.hidden = false;
  const values = evaluate(cost, env);
  const bound = binding(cost, values);
  fillNumbers(shown, env);
  shown.querySelectorAll("tr[data-row]").forEach((tr) => {
    const i = Number(tr.dataset.row);
    const share = values[0] > 0 ? Math.max(0, Math.min(1, values[i] / values[0])) : 0;
    tr.classList.toggle("binds", bound.has(i));
    tr.querySelectorAll(".value, .result b").forEach((place) => (place.textContent = quantity(values[i], cost.unit)));
    tr.querySelector(".bar i").style.width = (100 * share).toFixed(1) + "%";
    tr.querySelector(".mark").textContent = bound.has(i) ? "← binds" : "";
  });
  fillResults(view, env);
  fillThresholds(view, cost, env, shown);
  const words = regime(cost, values);
  const over = largestThatFits(view, env) < env[X];
  const where = RANGES.map((r) => `${r.name} = ${number(state.values[r.name])}`).join(", ");
  byId("said").textContent =
    `${cost.name} at ${where}: ${quantity(values[0], cost.unit)}` + (words && values[0] > 0 ? `; ${words}` : "") + (over ? "; does not fit into memory" : "");
}

function fillResults(view, env) {
  const list = byId("results");
  list.replaceChildren(
    ...view.costs.map((c, i) => {
      const tile = document.createElement("button");
      tile.type = "button";
      tile.setAttribute("aria-pressed", String(i === state.cost));
      const name = document.createElement("span");
      name.textContent = c.name;
      const value = document.createElement("b");
      const absent = lacking(c, env);
      value.textContent = absent.length ? `no ${absent.join(", ")}` : quantity(evaluate(c, env)[0], c.unit);
      tile.append(name, value);
      tile.addEventListener("click", () => change({ cost: i }));
      return tile;
    })
  );
}

function fillThresholds(view, cost, env, shown) {
  const found = thresholds(view, cost, env);
  const most = largestThatFits(view, env);
  const letters = lettered(found);
  for (const tr of shown.querySelectorAll("tr[data-threshold]")) {
    const mark = found.find((f) => f.id === tr.dataset.threshold);
    const axis = mark.along === "x" ? DATA.along : DATA.sliders[0];
    const unit = axis.unit;
    const [low, high] = [axis.stops[0], axis.stops.at(-1)];
    tr.hidden = Boolean(mark.same);
    tr.classList.toggle("off", !letters.has(mark.id) && !(mark.along === "y" && mark.at.length));
    tr.querySelector(".letter").textContent = letters.get(mark.id) || "";
    const aside = (x) => (mark.along === "x" && x > most * (1 + 1e-9) ? " (does not fit)" : x < low || x > high ? " (off the plot)" : "");
    tr.querySelector(".value").textContent = mark.at.map((x) => quantity(x, unit) + aside(x)).join(", ") || (mark.none ? "nothing fits" : "nowhere here");
    tr.querySelector(".result b").textContent = mark.at.map((x) => quantity(x, unit)).join(", ") || "–";
  }
}

// A letter for every threshold that lies on the plot.
function lettered(found) {
  const [low, high] = [DATA.along.points[0], DATA.along.points.at(-1)];
  const seen = found.filter((f) => f.along === "x" && f.at.some((x) => x >= low && x <= high));
  return new Map(seen.map((f, i) => [f.id, String.fromCharCode(97 + (i % 26))]));
}

// A dot before a number only behind another factor; parentheses around a power of ten that is raised.
function inNumbers(latex, env) {
  return latex.replace(/\\cdot @([A-Za-z0-9_]+)@(\^)?/g, (_, name, raised, place) => {
    const dot = /(^|[{(,+\-]|\\left\()\s*$/.test(latex.slice(0, place)) ? "" : "\\cdot ";
    const text = latexNumber(env[name]);
    return dot + (raised ? (text.includes("^") ? `\\left(${text}\\right)^` : `${text}^`) : text);
  });
}

// The formula, its numbers, its result, and the thresholds, as LaTeX.
function asLatex() {
  const view = currentView();
  const env = environment();
  const cost = view.costs[state.cost];
  const values = evaluate(cost, env);
  const filled = inNumbers(cost.placed, env);
  const result = quantity(values[0], cost.unit).replace(/([$%#&_])/g, "\\$1").replace(/\^/g, "\\textasciicircum{}").replace("µ", "\\textmu{}");
  const lines = [`\\begin{align*}`, `  & ${cost.latex} \\\\`, `  &= ${filled} \\\\`, `  &= \\text{${result}}`, `\\end{align*}`];
  for (const mark of thresholds(view, cost, env)) {
    if (mark.at.length) lines.push(`\\[ ${mark.latex} \\quad (= ${mark.at.map((x) => latexNumber(x)).join(", ")}) \\]`);
  }
  return lines.join("\n");
}
