"use strict";
(function () {
  const $ = (id) => document.getElementById(id);
  document.querySelectorAll(".js").forEach((e) => { e.hidden = false; });
  const box = $("letters") || document.querySelector("input[type=search]");
  const said = $("said");
  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
  const words = (text) => plain(text).split(/\s+/).filter(Boolean);
  const MOST = 50;

  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      box.focus();
    }
  });

  // A link to an answer or a step inside a folded part opens it.
  const unfold = () => {
    const target = location.hash && $(decodeURIComponent(location.hash.slice(1)));
    for (let e = target; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
  };
  addEventListener("hashchange", unfold);
  unfold();
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((e) => { e.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((e) => { e.open = false; }));

  if ($("letters")) filter();
  if ($("search-index")) search();

  function filter() {
    const all = [...document.querySelectorAll(".threshold")];
    const narrow = () => {
      const wanted = box.value.split(/[\s,]+/).filter(Boolean);
      const has = (letters, w) => letters.some((l) => l === w) || (w.length > 1 && letters.some((l) => l.toLowerCase().startsWith(w.toLowerCase())));
      let left = 0;
      for (const one of all) {
        one.hidden = !wanted.every((w) => has(one.dataset.letters.split(" "), w));
        left += one.hidden ? 0 : 1;
      }
      document.querySelectorAll(".unknown").forEach((s) => { s.hidden = !s.querySelector(".threshold:not([hidden])"); });
      said.textContent = wanted.length ? `${left} of ${all.length}` : "";
    };
    box.form.addEventListener("submit", (event) => event.preventDefault());
    box.addEventListener("input", narrow);
    box.value = new URLSearchParams(location.search).get("letters") || "";
    narrow();
  }

  function search() {
    const records = JSON.parse($("search-index").textContent);
    for (const r of records) {
      r.head = plain(r.title + " " + r.id);
      r.body = plain(r.where + " " + r.words);
    }
    const score = (r, wanted) => {
      let sum = "verdict" in r ? 0 : 1;
      for (const w of wanted) {
        const at = r.head.indexOf(w);
        if (at >= 0) sum += at === 0 || /[^a-z0-9]/.test(r.head[at - 1]) ? 4 : 2;
        else if (r.body.includes(w)) sum += 1;
        else return 0;
      }
      return sum + (r.id.toLowerCase() === wanted.join(" ") ? 9 : 0);
    };
    const part = (tag, kind, text) => {
      const made = document.createElement(tag);
      made.className = kind;
      made.textContent = text;
      return made;
    };
    const row = (r) => {
      const item = document.createElement("li");
      const link = part("a", "", r.title);
      link.href = r.at;
      item.append(link, " ");
      if (r.verdict) item.append(part("span", "badge " + r.verdict, r.verdict === "ours" ? "ours only" : r.verdict));
      item.append(part("div", "small", r.where));
      if (r.formula) item.append(part("code", "found", r.formula), part("div", "small", r.numbers));
      return item;
    };
    const show = () => {
      const wanted = words(box.value);
      const found = wanted.length
        ? records.map((r) => [score(r, wanted), r]).filter(([s]) => s > 0).sort((a, b) => b[0] - a[0]).map(([, r]) => r)
        : [];
      $("results").replaceChildren(...found.slice(0, MOST).map(row));
      $("chapters").hidden = wanted.length > 0;
      said.textContent = !wanted.length ? "" : !found.length ? "Nothing found; try fewer or other words."
        : found.length > MOST ? `${found.length} found, the best ${MOST} shown` : `${found.length} found`;
    };
    box.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const first = document.querySelector("#results a");
      if (first) first.focus();
    });
    box.addEventListener("input", show);
    document.addEventListener("keydown", (event) => {
      const links = [...document.querySelectorAll("#results a")];
      const at = links.indexOf(document.activeElement);
      if (document.activeElement !== box && at < 0) return;
      if (event.key === "ArrowDown" && links.length) links[Math.min(at + 1, links.length - 1)].focus();
      else if (event.key === "ArrowUp") (at > 0 ? links[at - 1] : box).focus();
      else if (event.key === "Escape") { box.value = ""; show(); box.focus(); }
      else return;
      event.preventDefault();
    });
    box.value = new URLSearchParams(location.search).get("q") || "";
    show();
    if (box.value) box.focus();
  }
})();
