"""Functions that generated source brings along where it needs them: rounding, roots without a formula, powers of two.

They do what the evaluator does: what is within a few bits of a whole number counts as whole.
"""

from __future__ import annotations

_WHOLE_PYTHON = '''def _{name}(x):
    """Round {way} what is not within a few bits of a whole number."""
    nearest = round(x)
    return nearest if abs(x - nearest) <= min(8e-16 * abs(x), 0.1) else math.{call}(x)
'''
_WHOLE_NUMPY = '''def _{name}(x):
    """Round {way} what is not within a few bits of a whole number."""
    nearest = np.rint(x)
    return np.where(np.abs(x - nearest) <= np.minimum(8e-16 * np.abs(x), 0.1), nearest, np.{call}(x))
'''
_WHOLE_JAVASCRIPT = """/* Round {way} what is not within a few bits of a whole number. */
function symroof_{name}(x) {{
  const below = Math.floor(x);
  const half = x - below === 0.5;
  const nearest = half && below % 2 === 0 ? below : Math.round(x);
  return Math.abs(x - nearest) <= Math.min(8e-16 * Math.abs(x), 0.1) ? nearest : Math.{call}(x);
}}
"""
_WHOLE_C = """/* Round {way} what is not within a few bits of a whole number. */
static double symroof_{name}(double x) {{
  const double nearest = rint(x);
  return fabs(x - nearest) <= fmin(8e-16 * fabs(x), 0.1) ? nearest : {call}(x);
}}
"""
_WHOLE_JAX = '''def _{name}(x):
    """Round {way} what is not within a few bits of a whole number."""
    nearest = jnp.rint(x)
    few = 8e-16 * 2.0**52 * jnp.finfo(nearest.dtype).eps * jnp.abs(x)
    return jnp.where(jnp.abs(x - nearest) <= jnp.minimum(few, 0.1), nearest, jnp.{call}(x))
'''
_WHOLE = (_WHOLE_PYTHON, _WHOLE_NUMPY, _WHOLE_JAVASCRIPT, _WHOLE_C, _WHOLE_JAX)

_ROOT_PYTHON = '''def _positive_root(*coefficients):
    """The only positive root of the polynomial with these coefficients, the highest power first, bisected."""
    rising = 1.0 if coefficients[0] > 0 else -1.0
    if rising * coefficients[-1] >= 0:
        return 0.0
    low, high = 1e-300, 1e300
    while low < (middle := low**0.5 * high**0.5) < high:
        value = 0.0
        for c in coefficients:
            value = value * middle + float(c)
        low, high = (low, middle) if rising * value >= 0 else (middle, high)
    return high
'''
_ROOT_NUMPY = '''def _positive_root(*coefficients):
    """The only positive root of the polynomials with these coefficients, the highest power first, bisected."""
    coefficients = np.broadcast_arrays(*coefficients)
    rising = np.where(coefficients[0] > 0, 1.0, -1.0)
    low, high = np.full(rising.shape, 1e-300), np.full(rising.shape, 1e300)
    with np.errstate(all="ignore"):
        for _ in range(70):
            middle = np.sqrt(low) * np.sqrt(high)
            value = np.zeros(rising.shape)
            for c in coefficients:
                value = value * middle + c
            low, high = np.where(rising * value >= 0, (low, middle), (middle, high))
    return np.where(rising * coefficients[-1] >= 0, 0.0, high)
'''
_ROOT_JAVASCRIPT = """/* The only positive root of the polynomial with these coefficients, the highest power first, bisected. */
function symroof_positive_root(...coefficients) {
  const rising = coefficients[0] > 0 ? 1 : -1;
  if (rising * coefficients[coefficients.length - 1] >= 0) return 0;
  for (let low = 1e-300, high = 1e300; ; ) {
    const middle = Math.sqrt(low) * Math.sqrt(high);
    if (!(low < middle && middle < high)) return high;
    if (rising * coefficients.reduce((total, c) => total * middle + c, 0) >= 0) high = middle; else low = middle;
  }
}
"""
_ROOT_C = """/* The only positive root of the polynomial with these coefficients, the highest power first, bisected. */
static double symroof_positive_root(int count, const double *coefficients) {
  const double rising = coefficients[0] > 0 ? 1.0 : -1.0;
  double low = 1e-300, high = 1e300;
  if (rising * coefficients[count - 1] >= 0) return 0.0;
  for (;;) {
    const double middle = sqrt(low) * sqrt(high);
    double value = 0.0;
    if (!(low < middle && middle < high)) return high;
    for (int i = 0; i < count; i++) value = value * middle + coefficients[i];
    if (rising * value >= 0) high = middle; else low = middle;
  }
}
"""
_ROOT_JAX = '''def _positive_root(*coefficients):
    """The only positive root of the polynomials with these coefficients, the highest power first, bisected.

    A last step of Newton's, which moves nothing, is what derivatives go through.
    """
    coefficients = jnp.broadcast_arrays(*map(jnp.asarray, coefficients))
    fixed = jax.lax.stop_gradient(coefficients)
    rising = jnp.where(fixed[0] > 0, 1.0, -1.0)
    sizes = jnp.finfo(rising.dtype)

    def halved(_, ends):
        middle = jnp.sqrt(ends[0]) * jnp.sqrt(ends[1])
        value = jnp.zeros_like(middle)
        for c in fixed:
            value = value * middle + c
        above = rising * value >= 0
        return jnp.where(above, ends[0], middle), jnp.where(above, middle, ends[1])

    ends = jnp.full_like(rising, sizes.tiny), jnp.full_like(rising, sizes.max)
    root = jax.lax.stop_gradient(jax.lax.fori_loop(0, 70, halved, ends)[1])
    value, slope = jnp.zeros_like(root), jnp.zeros_like(root)
    for c in coefficients:
        value, slope = value * root + c, slope * root + jax.lax.stop_gradient(value)
    step = (value - jax.lax.stop_gradient(value)) / jax.lax.stop_gradient(slope)
    return jnp.where(rising * fixed[-1] >= 0, 0.0, root - step)
'''

_POWER_PYTHON = '''def _power_of_two(x):
    """The smallest power of two, from 1 on, that is not below x."""
    mantissa, exponent = math.frexp(max(x, 1.0))
    return math.ldexp(1.0, exponent - (mantissa == 0.5))
'''
_POWER_NUMPY = _POWER_PYTHON.replace("max(", "np.maximum(").replace("math.", "np.")
_POWER_JAX = _POWER_NUMPY.replace("np.", "jnp.").replace("(mantissa == 0.5)", "jnp.asarray(mantissa == 0.5, int)")
_POWER_JAVASCRIPT = """/* The smallest power of two, from 1 on, that is not below x. */
function symroof_power_of_two(x) {
  let power = 1;
  while (power < x) power *= 2;
  return power;
}
"""
_POWER_C = """/* The smallest power of two, from 1 on, that is not below x. */
static double symroof_power_of_two(double x) {
  int exponent = 0;
  const double mantissa = frexp(fmax(x, 1.0), &exponent);
  return ldexp(1.0, mantissa == 0.5 ? exponent - 1 : exponent);
}
"""

_BINDING_NUMPY = '''def _largest(names, *values):
    """The name of the largest value, element by element."""
    stacked = np.stack(np.broadcast_arrays(*values))
    return np.array(names, dtype=object)[stacked.argmax(axis=0)]
'''
_BINDING_JAX = '''def _largest(names, *values):
    """The place among the names of the largest value, element by element: what is traced holds numbers, no texts."""
    return jnp.argmax(jnp.stack(jnp.broadcast_arrays(*values)), axis=0)
'''
_BINDING_PYTHON = '''def _largest(names, *values):
    """The name of the largest value, the first of equal ones."""
    return names[max(range(len(values)), key=values.__getitem__)]
'''
_BINDING_JAVASCRIPT = """/* The name of the largest value, the first of equal ones. */
function symroof_largest(names, ...values) {
  return names[values.reduce((best, value, i) => (value > values[best] ? i : best), 0)];
}
"""
_BINDING_C = """/* The place of the largest value, the first of equal ones. */
static int symroof_largest(int count, const double *values) {
  int best = 0;
  for (int i = 1; i < count; i++) {
    if (values[i] > values[best]) best = i;
  }
  return best;
}
"""

_UNION_PYTHON = '''def _union(found):
    """Intervals (low, whether it is left out, high, whether it holds), merged and in order, as (low, high)."""
    merged = []
    for low, out, high, on in sorted(found):
        if not (high > 0 and (low < high or (low == high and not out and on))):
            continue
        if merged and (low < merged[-1][1] or (low == merged[-1][1] and (merged[-1][2] or not out))):
            before = merged.pop()
            low = before[0]
            high, on = max((before[1], before[2]), (high, on))
        merged.append((low, high, on))
    return [(low, high) for low, high, _ in merged]
'''
_UNION_JAVASCRIPT = """/* Intervals [low, whether it is left out, high, whether it holds], merged and in order, as [low, high]. */
function symroof_union(found) {
  const merged = [];
  found.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3]); /* inf - inf is NaN, and falls through */
  for (let [low, out, high, on] of found) {
    if (!(high > 0 && (low < high || (low === high && !out && on)))) continue;
    const last = merged[merged.length - 1];
    if (last && (low < last[1] || (low === last[1] && (last[2] || !out)))) {
      merged.pop();
      low = last[0];
      if (last[1] > high || (last[1] === high && last[2])) [high, on] = [last[1], last[2]];
    }
    merged.push([low, high, on]);
  }
  return merged.map(([low, high]) => [low, high]);
}
"""

_LANGUAGES = ("python", "numpy", "javascript", "c", "jax")
_TEXTS = {
    "ceil": [text.format(name="ceil", way="up", call="ceil") for text in _WHOLE],
    "floor": [text.format(name="floor", way="down", call="floor") for text in _WHOLE],
    "positive_root": (_ROOT_PYTHON, _ROOT_NUMPY, _ROOT_JAVASCRIPT, _ROOT_C, _ROOT_JAX),
    "power_of_two": (_POWER_PYTHON, _POWER_NUMPY, _POWER_JAVASCRIPT, _POWER_C, _POWER_JAX),
    "largest": (_BINDING_PYTHON, _BINDING_NUMPY, _BINDING_JAVASCRIPT, _BINDING_C, _BINDING_JAX),
    "union": (_UNION_PYTHON, "", _UNION_JAVASCRIPT, "", ""),  # arrays stay pairs, and C returns one number
}

#: The text of a helper by name and language.
HELPERS: dict[tuple[str, str], str] = {
    (name, of): text for name, texts in _TEXTS.items() for of, text in zip(_LANGUAGES, texts, strict=True) if text
}
