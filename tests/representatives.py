"""One model for each set of layer kinds: a formula that holds of it holds of models that differ in numbers alone."""

from symroof import llm, llms

#: Those that the book and its readers ask for most.
USUAL = ("llama3-8b", "mixtral-8x7b", "deepseek-v3", "gpt-oss-120b", "nemotron-3-nano", "palm-540b", "mistral-7b", "gpt3-175b")


def _kinds(name: str) -> frozenset[tuple[object, ...]]:
    options = ("parallel", "gated", "shared", "latent")
    return frozenset(
        (kind.word, kind.sees().word, *(bool(getattr(kind, option, None)) for option in options)) for kind, _ in llm(name).stack.structure
    )


NAMES = tuple({_kinds(name): name for name in sorted(llms(), key=lambda name: (name not in USUAL, name), reverse=True)}.values())
