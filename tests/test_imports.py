"""The house: imports go one way, nothing executes text, files stay small, everything says what it is."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "symroof"
FILES = sorted(PACKAGE.rglob("*.py"))
CHAPTERS = sorted((ROOT / "derivations").glob("*.py"))

#: What each room of the house stands on, the lowest first.
STANDS_ON = {
    "errors": (),
    "rooms": (),
    "algebra": ("errors",),
    "solver": ("errors", "algebra"),
    "geometric": ("errors", "algebra", "solver"),
    "analysis": ("errors", "algebra", "solver", "geometric"),
    "plane": ("errors", "algebra", "solver", "analysis"),
    "export": ("errors", "algebra", "solver", "rooms"),
    "grid": ("errors", "algebra"),
    "search": ("errors", "algebra", "solver", "grid", "rooms"),
    "machine": ("errors", "algebra"),
    "program": ("errors", "algebra", "machine", "rooms"),
    "transformer": ("rooms", "errors", "algebra", "machine", "program"),
    "workloads": ("rooms", "errors", "algebra", "solver", "analysis", "machine", "program", "transformer"),
    "sheets": ("errors", "algebra", "machine", "transformer"),
    "ask": ("errors", "algebra", "solver", "transformer", "workloads", "sheets"),
    "fitting": ("errors", "algebra", "ask", "sheets"),
    "plan": ("errors", "algebra", "solver", "ask", "machine", "program", "grid", "search", "sheets", "transformer", "workloads"),
    "show": ("errors", "algebra", "solver"),
    "book": ("errors", "algebra", "solver", "show"),
    "latex": (
        "rooms",
        "show",
    ),
    "answers": ("errors", "algebra", "solver", "analysis", "plane", "program", "sheets", "ask", "book", "export", "show", "latex"),
    "figures": ("errors", "algebra", "solver", "analysis", "plane", "machine", "workloads", "sheets", "ask", "plan"),
    "web": ("errors", "algebra", "solver", "export", "show", "workloads", "sheets", "ask", "plan"),
    "measured": ("errors", "algebra", "solver", "machine", "program", "transformer", "workloads", "sheets", "ask", "fitting", "show"),
    "cli": ("errors", "sheets", "ask", "answers", "plan", "show", "book", "figures", "web", "fitting", "measured"),
    "hooks": ("algebra",),
    "symbols": (
        "rooms",
        "algebra",
    ),
}

#: The order inside a room; a file imports only from files before it.
ORDERS = {
    "algebra": (
        *(
            "units",
            "quantity",
            "roots",
            "letter",
            "symbols",
            "show",
            "operands",
            "intervals",
            "reals",
            "evaluate",
            "arithmetic",
            "operators",
            "arrays",
            "value",
        ),
        *("spread", "claims", "bind", "native", "ready", "condition", "cost"),
    ),
    "solver": (
        *("polynomial", "facts", "extremes", "monotony", "pieces", "steps", "limits", "positive", "function"),
        *("numeric.boxes", "numeric.thresholds", "numeric.plateaus", "numeric.at"),
        *("proof.points", "proof.proof", "bound", "rounded", "solve"),
    ),
    "analysis": ("walk", "regimes", "problem", "minimize", "slopes", "elasticity", "sensitivity"),
    "plane": ("sides", "tracing", "borders", "regions"),
    "geometric": ("whole", "posynomial", "optimum"),
    "plan": ("layouts", "wishes", "choices", "replicas", "fleets", "laid", "deployments", "loads", "traces", "story", "room", "drawn"),
    "cli": ("streams", "main", "options", "serving", "loading", "questions", "tables", "files", "figures", "web", "calibrating"),
    "ask": ("names", "letters", "givers", "grammar", "known", "question"),
    "machine": ("roofline", "simulation", "collectives", "layouts", "links", "mesh"),
    "program": ("tensor", "roles", "parse", "infer", "backward", "program"),
    "transformer": (
        *("view", "kind", "indexer", "attention", "latent", "compressed", "mlp", "experts", "mamba2", "mamba1", "delta_net", "kda"),
        *("idle_experts", "routed_attention", "adapter", "short_conv", "recurrence", "mlstm", "lightning", "linear"),
        *("streams", "per_layer", "draft", "weights", "embedding", "layers"),
        *("facts", "tensors", "aggregates", "blocks", "pattern", "stack", "build"),
    ),
    "workloads": (
        *(
            "models",
            "memory",
            "room",
            "terms",
            "decode",
            "prefill",
            "deployment",
            "serving",
            "training_memory",
            "counted",
            "layout",
            "turns",
            "pretraining_memory",
            "pretraining",
            "training",
            "sharding",
            *("load.tags", "load.replica", "load.estimated", "load.latency", "load.rates", "load.fleet"),
            *("load.batching", "load.caching", "load.apart", "load.drafting", "load.spreading"),
        ),
    ),
    "sheets": (
        *(
            "schema",
            "files",
            "sheet",
            "apart",
            "slices",
            "placed",
            "chips",
            "runs",
            "dtypes",
            "servers",
            "calibrations",
            "stored",
            "spellings",
            "rotations",
            "modules",
            "schemes",
            "quantized",
            "architecture",
            "dense",
            "routed",
            "architectures",
            "keys",
            "adapted",
            "patterns",
            "attention_of",
            "states_of",
            "mlps_of",
            "kinds_of",
            "beside",
            "config",
            "written",
            "layers_of",
            "checkpoint",
            "llms",
        ),
    ),
    "fitting": ("table", "curve", "fit", "explain"),
    "measured": ("runs", "records", "startups", "bounds", "page", "estimates", "shipped", "validation", "__main__"),
    "grid": ("cut", "graph", "kernel", "plan", "tables", "axes", "estimated", "sweep"),
    "show": (
        *("mathml", "pages", "tex.width", "tex.writer", "tex.layout", "maths", "document", "tex.tabular"),
        *("forms.csv", "forms.text", "forms.markdown", "forms.json", "forms.html", "forms.latex"),
        *("views", "formulas", "sheets", "calibrations", "bounds", "derivations", "optima", "grids", "loads", "tex.numbers", "tex.paper"),
    ),
    "book": ("question", "chapters", "document", "site"),
    "answers": ("book", "said", "files", "tables", "questions", "optima"),
    "web": ("spec", "mathml", "compiled", "render", "page", "named"),
    "figures": (*("words", "canvas", "points", "labels", "bars", "lines", "regimes", "named"),),
    "search": ("pool", "boxes", "job", "stream", "found", "search"),
    "export": ("languages", "helpers", "statements", "bounds", "export"),
}


def modules(tree: ast.AST) -> set[str]:
    """Everything a tree imports, as dotted names."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
    return found


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def rooms(names: set[str]) -> set[str]:
    return {name.split(".")[1] for name in names if name.startswith("symroof.")} | {"" for name in names if name == "symroof"}


def within(path: Path) -> str:
    """A file of a room by its dotted name there."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts[1:])


def label(path: Path) -> str:
    return str(path.relative_to(ROOT))


#: What is no room: the package itself, which stands on everything.
TOP = {"__init__", "__main__"}


@pytest.mark.parametrize("path", FILES, ids=label)
def test_a_room_stands_on_those_below(path):
    assert room(path) in {*STANDS_ON, *TOP}, f"say in STANDS_ON what {room(path)} stands on"
    if room(path) in TOP:
        return
    allowed = {*STANDS_ON[room(path)], room(path)}
    assert rooms(modules(parsed(path))) <= allowed


def test_the_rooms_are_listed_from_the_lowest_up_and_each_with_its_files():
    names = list(STANDS_ON)
    assert all(names.index(below) < i for i, name in enumerate(names) for below in STANDS_ON[name])
    assert {room(f) for f in FILES} == {*STANDS_ON, *TOP}, "a room is listed that is not there"
    listed = {f"{home}.{file}" for home, files in ORDERS.items() for file in files}
    there = {f"{room(f)}.{within(f)}" for f in FILES if within(f) and f.name != "__init__.py"}
    assert listed == there


@pytest.mark.parametrize("path", [f for f in FILES if within(f) and f.name != "__init__.py"], ids=label)
def test_the_order_inside_a_room(path):
    assert room(path) in ORDERS, f"say in ORDERS how the files of {room(path)} stand"
    order, home = ORDERS[room(path)], f"symroof.{room(path)}."
    assert within(path) in order, f"say in ORDERS where {within(path)} stands"
    files = {within(f) for f in FILES if room(f) == room(path)}
    wanted = {name.removeprefix(home) for name in modules(parsed(path)) if name.startswith(home)} & files
    assert wanted <= set(order[: order.index(within(path))])


@pytest.mark.parametrize("path", [f for f in FILES if room(f) not in ("cli", "__main__")], ids=label)
def test_nothing_stands_on_the_command_line(path):
    names = modules(parsed(path))
    assert "cli" not in rooms(names)
    assert not {n for n in names if n.split(".")[0] == "click"} or room(path) == "pages"


@pytest.mark.parametrize("path", CHAPTERS, ids=label)
def test_a_derivation_imports_what_a_user_does(path):
    names = {n for n in modules(parsed(path)) if n.startswith("symroof")}
    public = {f"symroof.{name}" for name in __import__("symroof").__all__}
    assert all(n == "symroof" or n.startswith("symroof.symbols") or n in public for n in names), names


FORBIDDEN = {"eval", "exec", "sympify", "parse_expr", "lambdify", "compile", "__import__", "S", "nsimplify", "parse_latex"}
#: A cost is compiled from its own tree, not from text.
HARMLESS = {("re", "compile"), ("cost", "compile")}
#: Where Python compiles a syntax tree that was built node by node: no text.
TREES = {"native.py": "fix_missing_locations"}


@pytest.mark.parametrize("path", [*FILES, *CHAPTERS], ids=label)
def test_nothing_executes_text(path):
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            f = node.func
            name = f.attr if isinstance(f, ast.Attribute) else f.id if isinstance(f, ast.Name) else ""
            owner = f.value.id if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name) else ""
            if name == "S" and owner not in ("sp", "sympy"):
                continue
            tree = name == "compile" and isinstance(node.args[0], ast.Call) and node.args[0].func.attr == TREES.get(path.name)
            assert name not in FORBIDDEN or (owner, name) in HARMLESS or tree, f"{path.name}:{node.lineno} calls {name}"
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            assert not {a.name for a in node.names} & (FORBIDDEN - {"S"} | {"pickle", "marshal"}), f"{path.name}:{node.lineno}"
        if isinstance(node, ast.Assert) and path in FILES:
            pytest.fail(f"{path.name}:{node.lineno}: an assert is no message for a user")


def test_importing_symroof_is_light():
    heavy = ("numpy", "contourpy", "rich", "click", "cvxpy", "matplotlib", "pandas", "scipy", "jinja2", "latex2mathml", "IPython")
    code = f"import sys, symroof, symroof.symbols; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", done.stdout + done.stderr


def test_the_command_line_loads_a_page_only_to_show_it():
    heavy = ("numpy", "rich", "symroof.ask", "symroof.pages", "symroof.plan", "symroof.analysis", "symroof.workloads")
    code = f"import sys, symroof.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", done.stdout + done.stderr


def test_a_scalar_answer_needs_no_numpy():
    code = "import sys; from symroof import chip, decode, dtype; decode.critical_batch().at(chip('v5e'), dtype('bf16'));"
    done = subprocess.run([sys.executable, "-c", code + " print('numpy' in sys.modules)"], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n", done.stdout + done.stderr


@pytest.mark.parametrize("path", FILES, ids=label)
def test_a_file_is_a_few_screens(path):
    assert len(path.read_text("utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", FILES, ids=label)
def test_everything_public_says_what_it_is(path):
    tree = parsed(path)
    assert ast.get_docstring(tree), f"{path.name} has no docstring"

    def walk(body, where):
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{path.name}:{node.lineno} {where}{node.name} has no docstring"
                if isinstance(node, ast.ClassDef):
                    walk(node.body, f"{node.name}.")

    walk(tree.body, "")


@pytest.mark.parametrize("path", FILES, ids=label)
def test_a_function_fits_a_screen_and_takes_a_handful(path):
    for node in ast.walk(parsed(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert node.end_lineno - node.lineno < 60, f"{path.name}:{node.lineno} {node.name} is longer than a screen"


def test_the_public_names_exist_and_are_all():
    import symroof

    assert sorted(symroof.__all__) == sorted(set(symroof.__all__))
    for name in symroof.__all__:
        assert getattr(symroof, name).__doc__, name


def test_every_error_is_a_symroof_error():
    import symroof.errors as errors

    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, Exception):
            assert issubclass(kind, errors.SymroofError)
            assert name in errors.__doc__, f"draw {name} into the tree"


def test_nothing_speaks_of_the_working_material():
    for path in (*FILES, *CHAPTERS, *(ROOT / "models").rglob("*.toml"), *(ROOT / "tests").glob("*.py")):
        if path != Path(__file__).resolve():
            assert "shared/" not in path.read_text("utf-8"), path.name
