"""What checkpoints call the modules that weights stand in, and whether a name or a pattern of a file means one of them.

A pattern is words between dots (``lm_head``, ``mlp.gate``, ``model.layers.3.self_attn``), with ``*`` for anything, or after ``re:`` a
regular expression of a kind that is quick to match: text, ``.*``, ``(a|b)``, ``\\d+``. What stands before ``layers`` is left out of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TypeAlias

from symroof.errors import SheetError, short
from symroof.transformer.tensors import Weight

#: Classes of weights that no file converts unless it names them.
NEVER = frozenset({"embedding", "unembedding", "norm", "router", "streams", "compressor", "vision", "per layer embedding", "draft"})
#: Single weights of which the same holds: how heads of an indexer are weighed, the gate of a shared expert.
SINGLE = frozenset({("indexer", "W_iw"), ("shared", "W_sg")})

_MLP = ("mlp", "mixer", "feed_forward", "ffn", "block_sparse_moe", "moe")
_ATTENTION = ("self_attn", "mixer", "attn", "attention")
_GATED = {
    "W_in": "up_proj w3 gate_up_proj fc1 c_fc fc_in dense_h_to_4h",
    "W_gate": "gate_proj w1 gate_up_proj",
    "W_out": "down_proj w2 fc2 c_proj fc_out dense_4h_to_h",
}
#: By class: where its modules stand in a layer, and the module of every weight, each as it is spelt here and there.
_NAMES: Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]] = {
    "attention": (
        _ATTENTION,
        {
            "W_q": "q_proj qkv_proj Wqkv c_attn query_key_value",
            "W_k": "k_proj qkv_proj Wqkv c_attn query_key_value",
            "W_v": "v_proj qkv_proj Wqkv c_attn query_key_value",
            "W_o": "o_proj out_proj c_proj dense wo",
            "W_g": "g_proj gate_proj",
            "W_dq": "q_a_proj wq_a fused_qkv_a_proj",
            "W_uq": "q_b_proj q_proj wq_b",
            "W_qr": "q_b_proj q_proj",
            "W_dkv": "kv_a_proj_with_mqa fused_qkv_a_proj",
            "W_kr": "kv_a_proj_with_mqa fused_qkv_a_proj",
            "W_uk": "kv_b_proj",
            "W_uv": "kv_b_proj",
            "W_kv": "wkv kv_proj",
            "W_oa": "wo_a o_a_proj",
            "W_ob": "wo_b o_b_proj",
        },
    ),
    "indexer": (
        ("self_attn.indexer", "attn.indexer", "indexer", "self_attn"),
        {"W_iq": "wq_b q_b_proj q_proj", "W_ik": "wk k_proj wkv", "W_iw": "weights_proj indexers_proj", "W_ig": "wgate gate_proj"},
    ),
    "compressor": (("attn.compressor", "self_attn.compressor"), {"W_ck": "wkv kv_proj", "W_cg": "wgate gate_proj"}),
    "linear attention": (
        ("linear_attn", "self_attn", "attn"),
        {
            "W_q": "in_proj_qkv in_proj_qkvz q_proj qkv_proj",
            "W_k": "in_proj_qkv in_proj_qkvz k_proj qkv_proj",
            "W_v": "in_proj_qkv in_proj_qkvz v_proj qkv_proj",
            "W_z": "in_proj_z in_proj_qkvz output_gate g_proj",
            "W_b": "in_proj_b in_proj_ba b_proj",
            "W_a": "in_proj_a in_proj_ba",
            "W_fa": "f_a_proj",
            "W_fb": "f_b_proj",
            "W_ga": "g_a_proj",
            "W_gb": "g_b_proj",
            "W_o": "out_proj o_proj",
        },
    ),
    "state space": (
        ("mixer", "mamba"),
        {**dict.fromkeys(("W_z", "W_x", "W_b", "W_c"), "in_proj"), "W_dt": "in_proj dt_proj", "W_dbc": "x_proj", "W_o": "out_proj"},
    ),
    "mlp": (_MLP, _GATED),
    "experts": (tuple(f"{each}.experts" for each in _MLP), _GATED),
    "experts in": (_MLP, {"W_down": "fc1_latent_proj", "W_up": "fc2_latent_proj"}),
    "shared": (
        tuple(f"{each}.{shared}" for each in _MLP for shared in ("shared_experts", "shared_expert", "share_expert")),
        {"W_sin": _GATED["W_in"], "W_sgate": _GATED["W_gate"], "W_sout": _GATED["W_out"], "W_sg": "shared_expert_gate"},
    ),
    "router": (_MLP, {"W_r": "gate router"}),
    "linear": (("self_attn", "mlp"), {"W": "linear_attn linear_mlp"}),
    "per layer projection": (("",), {"W_pg": "per_layer_input_gate", "W_pu": "per_layer_projection", "W_pp": "per_layer_model_projection"}),
    "streams": (("",), {}),
}
#: What stands around the layers.
_AROUND = {"embedding": "embed_tokens embeddings wte embed word_embeddings", "unembedding": "lm_head output embed_out head"}
#: Words of what is not counted here, or is no matrix: other towers, drafts (MiMo: decoder), norms, buffers.
_OUTSIDE = re.compile(
    r"norm|vision|visual|audio|image|patch|mtp|multi_modal|multimodal|projector|conv1d|rotary|bias|A_log|eh_proj|shared_head|indexers_proj|"
    r"embed_vision|embed_audio|speech|talker|code2wav|merger|score|sinks|(?:^|\.)hc_|(?:^|\.)ln_|(?:^|\.)decoder\.self_attn"
)
_BEFORE = re.compile(r"^(?:(?:model|language_model|text_model|backbone|transformer|llm|module)\.)+(?=[^.]|$)")
_LAYER = re.compile(r"^(?:h|blocks)(?=\.\d)")
_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*Attention")
_WORDS = frozenset(
    word
    for parents, leaves in _NAMES.values()
    for text in (
        *parents,
        *leaves.values(),
        *_AROUND.values(),
        "layers model language_model backbone transformer text_model weight linear_attn",
    )
    for word in re.split(r"[ .]", text)
)
_EXPRESSION = re.compile(
    r"(?:\^|\$|\\[.\-_]|\\d[+*]?|\.[*+]?|\[[0-9\-]{1,9}\][+*]?|[A-Za-z0-9_\-]|\((?:\?:)?(?:[A-Za-z0-9_|\-]|\\.)*\)\??)+"
)
_MOST = 200
_PREFIXES = ("model.", "model.language_model.", "language_model.model.", "backbone.", "")


def modules(weight: Weight, layer: int | None) -> tuple[str, ...]:
    """The names that a weight may have, without what stands before ``layers``."""
    if layer is None:
        parents, leaves = _NAMES.get(weight.of, ((), {}))
        return tuple(f"{w}".strip(".") for w in (*_AROUND.get(weight.of, "").split(), *leaves.get(weight.name, "").split()))
    parents, leaves = _NAMES.get(weight.of, ((), {}))
    inner = ".0" if weight.of == "experts" else ""
    names = leaves.get(weight.name, "").split()
    return tuple(f"layers.{layer}.{p}{of}.{leaf}".replace("..", ".") for p in parents for of in {"", inner} for leaf in names)


#: The text of a pattern, its expression, and whether it stands for a whole name.
_Expression: TypeAlias = tuple[str, re.Pattern[str], bool]
#: What in a pattern can tell one layer from another.
_COUNTS = re.compile(r"\d|\[|\\d")


def _matching(name: str, expressions: Iterable[_Expression]) -> Iterator[str]:
    for text, expression, whole in expressions:
        if any(expression.match(before + name) for before in _PREFIXES) if whole else expression.search(name):
            yield text


class Patterns:
    """Patterns of a file; those that never match anything can be asked for.

    Raises SheetError for one that is not understood, or more than can be looked at.
    """

    def __init__(self, patterns: Iterable[str], layers: int) -> None:
        self.layers = layers
        self.used: set[str] = set()
        self.given: dict[str, str] = {}
        self.words: dict[str, str] = {}
        self.expressions: dict[int | None, list[_Expression]] = {}
        self.alike: dict[str, tuple[str, ...]] = {}
        for text in patterns:
            plain = normal(text)
            self.given[text] = plain
            if text.startswith("re:"):
                self.expressions.setdefault(_number(text, plain), []).append((text, _compiled(text[3:]), True))
            elif "*" in plain:
                found = re.compile(r"(?:^|\.)" + r".*".join(map(re.escape, re.split(r"\*+", plain))) + r"(?:\.|$)")
                self.expressions.setdefault(_number(text, plain), []).append((text, found, False))
            else:
                self.words[plain] = text
        if len(self.expressions.get(None, ())) > _MOST:
            raise SheetError(
                f"{len(self.expressions[None])} patterns of modules with a '*' or 're:' are too many; name layers, or give --formats"
            )

    def match(self, names: Iterable[str], layer: int | None) -> bool:
        """Whether any of them means a weight of these names."""
        found = [text for name in names for text in self._of(name, layer)]
        self.used |= set(found)
        return bool(found)

    def _of(self, name: str, layer: int | None) -> Iterator[str]:
        parts = name.split(".")
        for i in range(len(parts)):
            for j in range(i + 1, len(parts) + 1):
                text = self.words.get(".".join(parts[i:j]))
                if text is not None:
                    yield text
        alike = name if layer is None else name.replace(f"layers.{layer}.", "layers.0.", 1)
        if alike not in self.alike:  # a pattern without a digit means the same of every layer
            self.alike[alike] = tuple(_matching(alike, [of for of in self.expressions.get(None, ()) if not _COUNTS.search(of[0])]))
        yield from self.alike[alike]
        yield from _matching(name, [of for of in self.expressions.get(None, ()) if _COUNTS.search(of[0])])
        yield from _matching(name, self.expressions.get(layer, ()) if layer is not None else ())

    def some(self) -> str | None:
        """A pattern that names one expert where others are not named: of experts all are in one format here."""
        named: dict[str, dict[int, str]] = {}
        for text, plain in self.given.items():
            found = re.search(r"(.*)experts\.(\d{1,5})(?:\.(.*))?$", plain)
            if found and not text.startswith("re:"):
                named.setdefault(f"{found[1]}|{found[3]}", {})[int(found[2])] = text
        return next((min(of.values()) for of in named.values() if len(of) == 1 or set(of) != set(range(len(of)))), None)

    def unknown(self, all_of: bool = False) -> str | None:
        """A pattern that means nothing here and nothing that is known to be left out of the count; with ``all_of`` every name must mean
        something here, which is what a list of converted modules says.
        """
        for text, plain in self.given.items():
            number = _number(text, plain)
            if self.words.get(re.sub(r"experts\.\d+", "experts.0", plain)) in self.used:
                continue  # of experts the first stands for all
            beyond = number is not None and number >= self.layers
            words = [w for w in re.split(r"[^A-Za-z0-9_]+", re.sub(r"\\.", ".", plain)) if w and not w.isdigit()]
            harmless = all(word in _WORDS for word in words) and " " not in plain and not (all_of and plain in self.words)
            if text not in self.used and not beyond and not _OUTSIDE.search(plain) and not harmless:
                return text
        return None


def normal(pattern: str) -> str:
    """A pattern without what stands before its layers, and without the name of the tensor inside the module."""
    text = pattern.removeprefix("re:").removesuffix(".weight")
    if _CLASS.fullmatch(text):  # a class of modules, such as Llama4TextAttention
        return "self_attn"
    text = _LAYER.sub("layers", _BEFORE.sub("", text))
    return text if text else pattern


def _number(text: str, plain: str) -> int | None:
    """The one layer that a pattern is about, None if it may be about several: ``layers.1*`` means 1 and 10 to 19."""
    end = r"(?=\\?\.(?![*+])|\$|$)" if text.startswith("re:") else r"(?=\.|$)"
    found = re.search(rf"layers\\?\.(\d+){end}", plain)
    return int(found[1][:6]) if found else None


@lru_cache(maxsize=256)
def _compiled(text: str) -> re.Pattern[str]:
    """A regular expression of a file; a dot is a dot.

    Raises SheetError for one that is not of the quick kind.
    """
    if len(text) > 200 or not _EXPRESSION.fullmatch(text) or text.count("*") + text.count("+") > 6:
        raise SheetError(f"the pattern {short('re:' + text)} is not understood; write words, '.*' and '(a|b)'")
    return re.compile(re.sub(r"(?<!\\)\.(?![*+])", r"\.", text))
