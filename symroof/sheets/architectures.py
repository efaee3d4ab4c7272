"""What the class of a model says and its ``config.json`` does not: a row for every ``model_type``, and other names of some.

A ``model_type`` without a row is not understood, and refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from symroof.sheets.architecture import Architecture
from symroof.sheets.dense import DENSE
from symroof.sheets.routed import ROUTED

#: KV heads where a file does not say how many, by their number; of all other classes as many as query heads.
_HEADS: Mapping[int, str] = {
    2: "gemma3n_text ernie4_5 internlm3 glm glm4 glm4v_text starcoder2 qwen3_next qwen3_5_moe_text",
    4: "smollm3 gemma2 gemma3_text vaultgemma granite_swa ernie4_5_moe qwen3_moe flint kolibri1 mellum mimo_v2_flash gemma4_text "
    "minimax_m3 qwen3_5_text lara_mini lfm3",
    5: "bitnet",
    8: "mistral ministral seed_oss qwen2_vl_text qwen2_5_vl_text ministral3 emu3_text_model cwm mixtral phimoe solar_open hy_v3 glm4_moe "
    "minimax_m2 exaone llama4_text beam laguna gpt_oss minimax jamba bamba falcon_h1 nemotron_h lfm2 lfm2_moe",
    16: "gemma qwen2_moe qwen3_vl_moe_text",
    20: "helium",
    32: "qwen2 qwen3 qwen3_vl_text exaone4 stablelm dots1 exaone_moe",
}
_OF = {name: number for number, names in _HEADS.items() for name in names.split()}

ARCHITECTURES: Mapping[str, Architecture] = {
    name: replace(of, missing={"K": _OF[name], **of.missing}) if name in _OF else of for name, of in (DENSE | ROUTED).items()
}

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
    "iquestcoder": "llama",
    "mimo_v2": "mimo_v2_flash",
    "minimax_text_01": "minimax",
    "glm4v": "glm4v_text",
    "glm46v": "glm4v_text",
    "glmga": "glm4v_text",
    "glm_ocr": "glm_ocr_text",
    "glm4v_moe": "glm4_moe",
    "glm4v_moe_text": "glm4_moe",
    "granite_docling_text": "granite",
    "paddleocr_vl_text": "ernie4_5",
    "qwen2_5_omni_text": "qwen2",
    "qwen3_omni_moe_text": "qwen3_moe",
    "cosmos3_edge_text": "arcee",
    "apertus1p5_text": "apertus",
    "gemma4_unified": "gemma4_unified_text",
    "sarvam_mla": "deepseek_v3",
    "sarvam_moe": "glm4_moe",
    "kimi_k25": "kimi_k2",
}
