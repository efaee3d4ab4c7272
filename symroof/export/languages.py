"""What each language calls the operations of the evaluator, how it writes statements, numbers and texts, and which words it keeps."""

from __future__ import annotations

import json
import keyword
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from symroof.algebra.roots import Log1p, PositiveRoot, PowerOfTwo
from symroof.errors import InputError, UnknownName, nearest, short

SUM, PRODUCT, POWER, ATOM = range(4)
_EXACT = 2**53  # from here on a float64 rounds whole numbers
_LONGEST = 240
IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)

_PYTHON_WORDS = """abs all any bool complex dict divmod enumerate eval exec filter float format hash id input int iter len list map math
max min next np numpy object open pow print range repr reversed round set sorted str sum tuple type vars zip self"""
_JAVASCRIPT_WORDS = """abstract arguments async await boolean break byte case catch char class const continue debugger default delete do
double else enum eval export exports extends false final finally float for function globalThis goto if implements import in
instanceof int interface let long Math module NaN native new null Number Object of package private protected prototype public
require return short static super switch synchronized this throw throws transient true try typeof undefined Infinity var void
volatile while with yield Array String Boolean Symbol Function Error window self document global process constructor"""
_C_WORDS = """alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl const const_cast constexpr continue
default delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline int long mutable
namespace new noexcept not not_eq nullptr operator or or_eq private protected public register reinterpret_cast restrict return
short signed sizeof static static_assert static_cast struct switch template this thread_local throw true try typedef typeid
typename typeof typeof_unqual union unsigned using virtual void volatile wchar_t while xor xor_eq main linux unix i386 complex
imaginary I INFINITY NAN HUGE HUGE_VAL HUGE_VALF HUGE_VALL MAXFLOAT DOMAIN SING OVERFLOW UNDERFLOW PLOSS TLOSS X_TLOSS NULL EOF
EDOM ERANGE EILSEQ FP_NAN FP_INFINITE FP_ZERO FP_SUBNORMAL FP_NORMAL FP_ILOGB0 FP_ILOGBNAN FP_FAST_FMA FP_FAST_FMAF FP_FAST_FMAL
FP_INT_UPWARD FP_INT_DOWNWARD FP_INT_TOWARDZERO FP_INT_TONEARESTFROMZERO FP_INT_TONEAREST MATH_ERRNO MATH_ERREXCEPT
math_errhandling signgam float_t double_t size_t errno stdin stdout stderr assert offsetof va_arg va_start va_end va_copy setjmp
acos asin atan atan2 cos sin tan cosh sinh tanh acosh asinh atanh exp exp2 expm1 log log10 log1p log2 logb ilogb modf frexp ldexp
scalbn scalbln scalb pow pow10 exp10 sqrt cbrt hypot erf erfc lgamma tgamma gamma drem significand ceil floor trunc rint nearbyint
lrint llrint round lround llround roundeven fmod remainder remquo copysign nan nextafter nexttoward nextup nextdown fdim fmax fmin
fma fabs finite isfinite isinf isnan isnormal signbit fpclassify isgreater isless isunordered isgreaterequal islessequal
islessgreater iseqsig issignaling iszero issubnormal iscanonical j0 j1 jn y0 y1 yn sincos abs labs llabs imaxabs div ldiv cabs carg
creal cimag conj cexp clog cpow csqrt exit abort atexit _Exit _exit malloc calloc realloc free alloca memcpy memmove memset memcmp
memchr mempcpy bcmp bcopy bzero index rindex ffs ffsl ffsll strcpy stpcpy strncpy stpncpy strcat strncat strcmp strncmp strcasecmp
strncasecmp strchr strrchr strlen strnlen strdup strndup strstr strpbrk strspn strcspn printf fprintf sprintf snprintf vprintf
vfprintf vsprintf vsnprintf scanf fscanf sscanf vscanf vfscanf vsscanf puts fputs putchar fputc putc fwrite isalnum isalpha isascii
isblank iscntrl isdigit isgraph islower isprint ispunct isspace isupper isxdigit tolower toupper toascii iswalnum iswalpha iswblank
iswcntrl iswdigit iswgraph iswlower iswprint iswpunct iswspace iswupper iswxdigit towlower towupper execl execle execlp execv execve
execvp fork gettext dgettext dcgettext strfmon clear_cache
read write open close time clock sleep signal send recv select kill link wait pipe stat system rand srand remove rename environ"""

_MATHS = re.compile(r"M_(?:E|LOG2E|LOG10E|LN2|LN10|PI|PI_2|PI_4|1_PI|2_PI|2_SQRTPI|SQRT2|SQRT1_2)(?:[fl]|f\d+x?)?")  # of <math.h>
_FLOATED = re.compile(r"(\w+)[fl]")  # expf and expl beside exp


@dataclass(frozen=True)
class Term:
    """A piece of source, and how tightly it holds together: a sum, a product, a power, or an atom that needs no parentheses."""

    text: str
    rank: int = ATOM

    def within(self, rank: int) -> str:
        """The text for a place that needs at least this rank."""
        return self.text if self.rank >= rank else f"({self.text})"


@dataclass(frozen=True)
class Dialect:
    """How a language spells functions, statements, numbers and texts; a helper stands as ``*ceil`` among its functions."""

    name: str
    label: str
    head: str  # of a file: what it imports
    words: frozenset[str]  # that name nothing of the user's
    functions: Mapping[type, str]
    power: str
    root: str
    infinity: str
    pairs: bool = False  # whether a maximum takes two values at a time
    prefix: str = "_"  # of helpers
    assign: str = "{name} = {value}"
    variable: str = "{name} = {value}"  # that is assigned again
    test: str = "if {test}:"
    end: str = ""
    stop: str = ""  # of a statement
    floats: bool = False  # whether whole numbers need a point
    arrays: str = ""  # what it calls the functions that take arrays
    indent: str = "    "

    @property
    def pythonic(self) -> bool:
        """Whether indentation makes the blocks."""
        return not self.end

    def call(self, kind: type, arguments: Sequence[str]) -> tuple[str, str]:
        """A call of one of the functions, and the helper that it needs (or nothing)."""
        if kind not in self.functions:
            raise InputError(f"{kind.__name__} has no counterpart in {self.name}; replace it, or evaluate with .at(...)")
        function = self.functions[kind]
        helper = function[1:] if function[0] == "*" else ""
        listed = ", ".join(arguments)
        if helper == "positive_root" and self.floats:
            listed = f"{len(arguments)}, (const double[]){{{listed}}}"
        return f"{self.prefix + helper if helper else function}({listed})", helper

    def number(self, value: Fraction | float) -> Term:
        """A number that reads back as what it is; a fraction as a ratio of whole numbers.

        Raises InputError for one that a float64 cannot hold.
        """
        if isinstance(value, Fraction) and max(abs(value.numerator), value.denominator) < _EXACT:
            point = ".0" if self.floats or self.arrays == "jnp" else ""  # whole numbers have 32 bits in C and in JAX
            top = f"{value.numerator}{point}"
            if value.denominator != 1:
                return Term(f"{top} / {value.denominator}{point}", PRODUCT)
            return Term(top, ATOM if value >= 0 else PRODUCT)
        try:
            number = float(value)
        except OverflowError:
            number = float("inf")
        if abs(number) == float("inf") or (value and abs(number) < sys.float_info.min):
            raise InputError(f"the number {short(value)} is beyond what a float64 can hold; scale it first")
        return Term(repr(number), ATOM if number >= 0 else PRODUCT)

    def raised(self, base: Term, exponent: Term, known: Fraction | float | None) -> Term:
        """A power; ``known`` is the exponent if it is a number."""
        if known == -1:
            return Term(f"{self.number(Fraction(1)).text} / {base.within(ATOM)}", PRODUCT)
        if known == Fraction(1, 2):
            return Term(f"{self.root}({base.text})")
        if self.pythonic and isinstance(known, Fraction) and known.denominator == 1 and abs(known) < _EXACT:
            whole = int(known)
            return Term(f"{base.within(ATOM)}**{whole}", POWER)
        return Term(f"{self.power}({base.text}, {exponent.text})")

    # -- names and texts
    def reserved(self, name: str) -> bool:
        """Whether a name is taken by the language."""
        floated = _FLOATED.fullmatch(name) if self.floats else None
        return name in self.words or bool(self.floats and (_MATHS.fullmatch(name) or (floated and floated[1] in self.words)))

    def function_name(self, name: str) -> str:
        """The name of a function, as the user wants it.

        Raises InputError if it is no identifier of the language, or a word that the language needs itself.
        """
        if not isinstance(name, str) or not IDENTIFIER.fullmatch(name):
            raise InputError(f"{short(name)} cannot name a function; use letters, digits and underscores, e.g. name='decode_step'")
        if name.startswith("symroof_"):
            raise InputError(f"{name} may be the name of a helper of the exported file; choose one that does not begin with symroof_")
        if self.reserved(name):
            raise InputError(f"{name} is a word of {self.label}, so it cannot name a function there; write e.g. name={name + '_cost'!r}")
        return name

    def comment(self, text: object) -> str:
        """A line that cannot end the docstring or comment that it stands in."""
        shown = _line(text)
        if self.pythonic:
            return shown.replace("\\", "\\\\").replace('"', '\\"')
        for ends in ("*/", "/*", "</", "<!", "??"):
            shown = shown.replace(ends, f"{ends[0]} {ends[1]}")
        return shown

    def string(self, text: str) -> str:
        """A text as a string literal, in ASCII."""
        shown = _line(text)
        if self.floats:
            kept = (chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}" for byte in shown.encode())
            return '"' + "".join(kept) + '"'
        if not self.pythonic:
            return json.dumps(shown).replace("</", "<\\/").replace("<!", "<\\u0021")
        return json.dumps(shown) if shown.isascii() else ascii(shown)


def _line(text: object) -> str:
    """Any text on one line, without what does not print."""
    shown = "".join(c if c.isprintable() else " " for c in str(text)[: 2 * _LONGEST]).strip()
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"


def identifier(text: str, otherwise: str = "") -> str:
    """The letters and digits of a text, joined by underscores, from a letter on; ``otherwise`` stands before what begins with none."""
    words = re.sub(r"[^A-Za-z0-9]+", "_", text[:80]).strip("_")[:40].rstrip("_")
    return words if words[:1].isalpha() or not otherwise else f"{otherwise}_{words}".rstrip("_")


_KINDS = (sp.Abs, sp.log, Log1p, sp.exp, sp.sinh, sp.asinh, sp.Max, sp.Min)
_HELPERS = {sp.ceiling: "*ceil", sp.floor: "*floor", PositiveRoot: "*positive_root", PowerOfTwo: "*power_of_two"}
_BRACES: dict[str, Any] = {"prefix": "symroof_", "test": "if ({test}) {{", "end": "}", "stop": ";", "indent": "  "}


def _dialect(names: str, head: str, words: Iterable[str], called: str, **syntax: Any) -> Dialect:
    """A language: what it is called in code and in print, and what it calls ``_KINDS``, a power, a root and infinity."""
    (name, label), (*functions, power, root, infinity) = names.split(), called.split()
    of = dict(zip(_KINDS, functions, strict=True)) | _HELPERS
    return Dialect(name, label, head, frozenset(words), of, power, root, infinity, **syntax)


_LANGUAGES = (
    _dialect(
        "numpy NumPy",
        "import numpy as np\n\n\n",
        (*keyword.kwlist, *_PYTHON_WORDS.split()),
        "np.abs np.log np.log1p np.exp np.sinh np.arcsinh np.maximum np.minimum np.power np.sqrt np.inf",
        pairs=True,
        arrays="np",
    ),
    _dialect(
        "jax JAX",
        "import jax\nimport jax.numpy as jnp\n\n\n",
        (*keyword.kwlist, *_PYTHON_WORDS.split(), "jax", "jnp"),
        "jnp.abs jnp.log jnp.log1p jnp.exp jnp.sinh jnp.arcsinh jnp.maximum jnp.minimum jnp.power jnp.sqrt jnp.inf",
        pairs=True,
        arrays="jnp",
    ),
    _dialect(
        "python Python",
        "import math\n\n\n",
        (*keyword.kwlist, *_PYTHON_WORDS.split()),
        "abs math.log math.log1p math.exp math.sinh math.asinh max min math.pow math.sqrt math.inf",
    ),
    _dialect(
        "javascript JavaScript",
        '"use strict";\n\n',
        _JAVASCRIPT_WORDS.split(),
        "Math.abs Math.log Math.log1p Math.exp Math.sinh Math.asinh Math.max Math.min Math.pow Math.sqrt Infinity",
        **_BRACES | {"assign": "const {name} = {value};", "variable": "let {name} = {value};"},
    ),
    _dialect(
        "c C",
        "#include <math.h>\n\n",
        _C_WORDS.split(),
        "fabs log log1p exp sinh asinh fmax fmin pow sqrt INFINITY",
        **_BRACES | {"assign": "const double {name} = {value};", "variable": "double {name} = {value};", "floats": True, "pairs": True},
    ),
)
DIALECTS: dict[str, Dialect] = {d.name: d for d in _LANGUAGES}
_ALSO = {"py": "python", "np": "numpy", "js": "javascript"}


def dialect(name: str) -> Dialect:
    """A language by name. Raises UnknownName with the nearest."""
    wanted = str(name).strip().lower()
    wanted = _ALSO.get(wanted, wanted)
    if wanted not in DIALECTS:
        raise UnknownName(f"there is no export to {short(name)}; {nearest(wanted, DIALECTS)}")
    return DIALECTS[wanted]
