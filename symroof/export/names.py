"""Names and texts that end up in generated source: checked identifiers, and comments and strings that stay what they are."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterable

import sympy as sp

from symroof.errors import InputError, short

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)
_LONGEST = 240

_PYTHON = """abs all any bool complex dict divmod enumerate eval exec filter float format hash id input int iter len list map math
max min next np numpy object open pow print range repr reversed round set sorted str sum tuple type vars zip self"""
_JAVASCRIPT = """abstract arguments async await boolean break byte case catch char class const continue debugger default delete do
double else enum eval export exports extends false final finally float for function globalThis goto if implements import in
instanceof int interface let long Math module NaN native new null Number Object of package private protected prototype public
require return short static super switch synchronized this throw throws transient true try typeof undefined Infinity var void
volatile while with yield Array String Boolean Symbol Function Error window self document global process constructor"""
_C = """alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl const const_cast constexpr continue
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

#: Words that name nothing of the user's, by language.
RESERVED: dict[str, frozenset[str]] = {
    "python": frozenset((*keyword.kwlist, *_PYTHON.split())),
    "javascript": frozenset(_JAVASCRIPT.split()),
    "c": frozenset(_C.split()),
}


def reserved(name: str, language: str) -> bool:
    """Whether a name is taken by the language (Python and NumPy share a list)."""
    words = RESERVED.get(language, RESERVED["python"])
    if name in words or language != "c":
        return name in words
    floated = _FLOATED.fullmatch(name)
    return bool(_MATHS.fullmatch(name) or (floated and floated[1] in words))


def function_name(name: str, language: str) -> str:
    """The name of a function, as the user wants it.

    Raises InputError if it is no identifier of the language, or a word that the language needs itself.
    """
    if not isinstance(name, str) or not _IDENTIFIER.fullmatch(name):
        raise InputError(f"{short(name)} cannot name a function; use letters, digits and underscores, e.g. name='decode_step'")
    if name.startswith("symroof_"):
        raise InputError(f"{name} may be the name of a helper of the exported file; choose one that does not begin with symroof_")
    if reserved(name, language):
        raise InputError(f"{name} is a word of {LABELS[language]}, so it cannot name a function there; write e.g. name={name + '_cost'!r}")
    return name


def derived_name(text: str, language: str, otherwise: str) -> str:
    """A function name made of any text: ``decode step`` as ``decode_step``."""
    words = identifier(text)
    name = words if words[:1].isalpha() and not words.startswith("symroof_") else f"{otherwise}_{words}".rstrip("_")
    return name + "_cost" if reserved(name, language) else name


def identifier(text: str) -> str:
    """The letters and digits of a text, joined by underscores; perhaps nothing."""
    return re.sub(r"[^A-Za-z0-9]+", "_", text[:80]).strip("_")[:40].rstrip("_")


class Names:
    """Identifiers of one function, each given once; a word of the language gets an underscore at its end."""

    def __init__(self, language: str, *taken: str) -> None:
        self.language = language
        self.used = set(taken)
        self.last = 0

    def fresh(self, wanted: str) -> str:
        """The wanted name, with underscores or a number behind it if it is taken."""
        name = wanted + "_" if reserved(wanted, self.language) else wanted
        count = 2
        while name in self.used or reserved(name, self.language):
            name = f"{wanted}_{count}"
            count += 1
        self.used.add(name)
        return name

    def numbered(self, letter: str) -> str:
        """The letter with the next number that is free: ``t1``, ``t2``."""
        count = next(i for i in range(self.last + 1, self.last + 2 + len(self.used)) if f"{letter}{i}" not in self.used)
        self.last = count
        return self.fresh(f"{letter}{count}")

    def arguments(self, symbols: Iterable[sp.Symbol]) -> dict[sp.Symbol, str]:
        """A name for every symbol; those that are no word of the language keep their own.

        Raises InputError for a symbol that is no identifier, and for two symbols of one name.
        """
        symbols = list(symbols)
        for s in symbols:
            if not _IDENTIFIER.fullmatch(s.name):
                raise InputError(f"{short(s.name)} cannot name an argument; declare the symbol with symbol(name, unit)")
        twins = [s for s in symbols if sum(t.name == s.name for t in symbols) > 1]
        if twins:
            units = " and ".join(sorted(f"[{getattr(s, 'unit', '1')}]" for s in twins))
            raise InputError(f"there is more than one {twins[0].name}: in {units}; give one of them a name of its own")
        plain = [s for s in symbols if not reserved(s.name, self.language)]
        order = [*plain, *(s for s in symbols if s not in plain)]
        named = {s: self.fresh(s.name) for s in order}
        return {s: named[s] for s in symbols}


# -- texts
LABELS = {"numpy": "NumPy", "python": "Python", "javascript": "JavaScript", "c": "C"}


def line(text: object) -> str:
    """Any text on one line, without what does not print."""
    shown = "".join(c if c.isprintable() else " " for c in str(text)[: 2 * _LONGEST]).strip()
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"


def comment(text: object, language: str) -> str:
    """A line that cannot end the docstring or comment that it stands in."""
    shown = line(text)
    if language in ("python", "numpy"):
        return shown.replace("\\", "\\\\").replace('"', '\\"')
    return shown.replace("*/", "* /").replace("/*", "/ *").replace("</", "< /").replace("<!", "< !").replace("??", "? ?")


def string(text: str, language: str) -> str:
    """A text as a string literal of the language, in ASCII."""
    shown = line(text)
    if language == "c":
        return '"' + "".join(_octal(byte) for byte in shown.encode()) + '"'
    if language == "javascript":
        return json.dumps(shown).replace("</", "<\\/").replace("<!", "<\\u0021")
    quoted = json.dumps(shown)
    return quoted if shown.isascii() else ascii(shown)


def _octal(byte: int) -> str:
    char = chr(byte)
    return char if 32 <= byte < 127 and char not in '"\\?' else f"\\{byte:03o}"
