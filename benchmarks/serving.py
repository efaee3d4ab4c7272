"""Start-up, thresholds and the command line, measured in one run; prints medians and ratios, asserts nothing.

python benchmarks/serving.py
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import sympy as sp


def median(run: Callable[[], object], times: int) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def process(*command: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, *command], check=True, capture_output=True)


def startup() -> None:
    print("Start-up, whole processes, median of 9, interleaved")
    plain, ours = [], []
    for _ in range(9):
        plain.append(median(process("-c", "import sympy"), 1))
        ours.append(median(process("-c", "import symroof"), 1))
    a, b = statistics.median(plain), statistics.median(ours)
    print(f"  import sympy    {a * 1e3:7.0f} ms\n  import symroof  {b * 1e3:7.0f} ms   {b / a:.2f} times")
    serve = median(process("-m", "symroof", "serve", "llama3-70b", "--on", "tpu-v5e"), 5)
    search = median(process("-m", "symroof", "serve", "llama3-405b", "--on", "tpu-v5e", "--formats", "int8", "--latency", "15 ms"), 5)
    print(f"  symroof serve              {serve * 1e3:7.0f} ms\n  symroof serve --latency    {search * 1e3:7.0f} ms")


def thresholds() -> None:
    from symroof import decode, matmul, memory, roofline, serving, sharding, solve
    from symroof.solver.function import smooth
    from symroof.solver.polynomial import sign, tidy
    from symroof.symbols import B, D, F, S, Y, n

    t = roofline(matmul(B, D, F))
    step = decode.step()
    tp = sharding.sharded_matmul()
    questions = {
        "critical batch, exact": (t["math"] >= t["hbm"], B),
        "critical batch": (step["math"] >= step["weights"], B),
        "fewest chips": (memory.memory() <= memory.capacity(), n),
        "largest batch": (memory.memory() <= memory.capacity(), B),
        "KV overtakes FLOPs": (step["attention"] >= step["math"], S),
        "batch within 15 ms (a maximum)": (step <= "15 ms", B),
        "chips within 15 ms (a maximum)": (step <= "15 ms", n),
        "model parallelism, FLOPs-bound": (tp["ici"] <= tp["math"], Y),
        "communication hides (a maximum)": (tp["ici"] <= (tp["hbm"] | tp["math"]), B),
        "prefill servers": (serving.prefill_servers().condition, serving.prefill_servers().symbol),
    }
    print("\nThresholds: nothing cached of earlier answers, sympy warm; median of 9; sympy.solve on the same crossing")
    for name, (condition, x) in questions.items():

        def ours(condition=condition, x=x) -> object:
            for cached in (smooth, sign, tidy):
                cached.cache_clear()
            return solve(condition, x)

        def theirs(condition=condition, x=x) -> object:
            return sp.solve(sp.Eq(condition.left.expr, condition.right.expr), x)

        mine = median(ours, 9)
        try:
            other = f"sympy.solve {median(theirs, 3) * 1e3:7.1f} ms"
        except (NotImplementedError, RecursionError) as problem:
            other = f"sympy.solve refuses: {str(problem).splitlines()[0][:50]}"
        print(f"  {name:34} {mine * 1e3:6.1f} ms   {other}")


def evaluation() -> None:
    from symroof import chip, decode, dtype, llm
    from symroof.algebra.bind import bind

    setting = (chip("tpu-v5e").on("4x4"), llm("llama3-70b"), dtype("int8", math="bf16"))
    step = decode.step()
    step.at(*setting, B=32, S=8192)
    once = median(lambda: step.at(*setting, B=32, S=8192), 200)
    given = bind(step.free_symbols, setting, {"B": 32, "S": 8192}).numbers
    expr, values = step.expr, {s: float(v) for s, v in given.items()}
    slow = median(lambda: expr.evalf(subs=values), 50)
    print("\nOne evaluation")
    print(f"  exact, with sheets and parts {once * 1e6:6.0f} us\n  sympy evalf(subs=) {slow * 1e6:6.0f} us   {slow / once:.1f} times")


if __name__ == "__main__":
    startup()
    thresholds()
    evaluation()
