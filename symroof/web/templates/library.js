// The pages of a notebook share the plotting library: a page that has it gives it to those that ask, and all of them ask around.
// The policy allows no script but the one whose digest LIBRARY is, whoever sends it.
const brought = () => byId("library");
const around = (message) => {
  for (let i = 0; i < parent.length; i++) if (parent[i] !== window) parent[i].postMessage({ ...message, of: LIBRARY }, "*");
};

addEventListener("message", ({ data, source }) => {
  if (!data || data.of !== LIBRARY || !source) return;
  if (data.wanted && brought()) source.postMessage({ of: LIBRARY, text: brought().textContent }, "*");
  if (data.here && !brought()) source.postMessage({ of: LIBRARY, wanted: true }, "*");
  if (typeof data.text === "string" && !brought()) borrow(data.text);
});

function borrow(text) {
  const script = Object.assign(document.createElement("script"), { textContent: text });
  document.body.append(script);
  if (!window.uPlot) return script.remove(); // what was sent is not the library
  script.id = "library";
  byId("plot").textContent = "";
  around({ here: true });
  schedule();
}

// A plot, or what to do where there is nothing to draw it with.
function canDraw() {
  if (window.uPlot) return true;
  byId("plot").textContent = "Another page of this notebook brings what plots are drawn with: scroll to it, or run this cell again.";
  return false;
}
