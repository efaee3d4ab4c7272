"""What the class of a model says and its ``config.json`` does not: a row for every ``model_type``, and other names of some.

A ``model_type`` without a row is not understood, and refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from symroof.sheets.architecture import Architecture
from symroof.sheets.dense import DENSE
from symroof.sheets.routed import ROUTED

ARCHITECTURES: Mapping[str, Architecture] = {**DENSE, **ROUTED}

#: Other names of a class.
ALIASES: Mapping[str, str] = {
    "deepseek_ref": "deepseek_v4",
    "minimax_m3_vl": "minimax_m3",
    "minimax_m3_vl_text": "minimax_m3",
    "mistral3": "mistral",
    "codegen": "gptj",
    "qwen2_vl": "qwen2_vl_text",
    "qwen2_5_vl": "qwen2_5_vl_text",
    "gemma3n": "gemma3n_text",
    "step3p5": "step3p7",
    "llama4": "llama4_text",
    "gemma3": "gemma3_text",
    "gemma4": "gemma4_text",
    "qwen3_5": "qwen3_5_text",
    "qwen3_5_moe": "qwen3_5_moe_text",
    "qwen3_vl": "qwen3_vl_text",
    "qwen3_vl_moe": "qwen3_vl_moe_text",
    "deci": "nemotron-nas",
    "kimi_k25": "kimi_k2",
}
