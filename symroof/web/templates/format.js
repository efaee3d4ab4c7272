// Numbers and quantities as text.
const byId = (id) => document.getElementById(id);
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

function superscript(power) {
  return String(power).replace("-", "⁻").replace(/\d/g, (d) => SUPERSCRIPTS[d]);
}

function plain(value, digits) {
  return Number(value.toPrecision(digits || 4));
}

function number(value, digits) {
  if (value === Infinity) return "∞";
  if (!Number.isFinite(value)) return "?";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e7) return value.toLocaleString("en-US");
  if (size >= 1e-3 && size < 1e6) return String(plain(value, digits));
  const [mantissa, power] = value.toExponential((digits || 4) - 1).split("e");
  return (Number(mantissa) === 1 ? "" : Number(mantissa) + "×") + "10" + superscript(Number(power));
}

function latexNumber(value) {
  const text = number(value, 6).replace(/,/g, "{,}").replace("∞", "\\infty");
  return text.replace(/(?:(.*)×)?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)/, (_, mantissa, power) => {
    const digits = [...power].map((c) => (c === "⁻" ? "-" : SUPERSCRIPTS.indexOf(c))).join("");
    return (mantissa ? mantissa + " \\times " : "") + "10^{" + digits + "}";
  });
}

function quantity(value, unit) {
  if (!Number.isFinite(value)) return number(value);
  const table = DATA.units[unit];
  if (!table) return number(value);
  if (value === 1) return table.one;
  const size = (Math.abs(value) || 1) * (1 + 5e-5);
  const [, scale, before, after] = table.decades.findLast(([from]) => from <= size) || table.decades[0];
  const shown = scale === 1 && Number.isInteger(value) ? value : plain(value * scale);
  const dollars = before.endsWith("$") && shown >= 1e3 && shown < 1e15;
  return before + (dollars ? plain(shown).toLocaleString("en-US") : number(shown)) + after;
}
