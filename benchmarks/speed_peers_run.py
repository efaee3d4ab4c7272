"""Run in a peer's own environment, without symroof: ``NAME SECONDS`` prints estimates per second, and one estimate [s]."""

from __future__ import annotations

import itertools
import json
import logging
import sys
import time
import warnings

BATCHES, CONTEXTS, CHIPS = range(1, 17), (512, 1024, 1536, 2048), 8
POINT = (16, 1024)  # B, S of the estimate that is shown


def llm_analysis(whole: bool):
    """A decode step by llm-analysis, on the numbers of LLaMA 3-70B and TPU v5e: ``inference()``, or only its decode part."""
    from llm_analysis.analysis import LLMAnalysis
    from llm_analysis.config import DtypeConfig, GPUConfig, ModelConfig, ParallelismConfig

    logging.getLogger("__name__").setLevel(logging.ERROR)
    model = ModelConfig("llama3-70b", 80, 64, 8192, 128256, 131072, 8, ffn_embed_dim=28672, expansion_ratio=3.5)
    chip = GPUConfig("tpu-v5e", 16, 810, 90, 1e-6, 197, 394)
    formats, mesh = DtypeConfig("w8a8e8", 8, 8, 8), ParallelismConfig(tp_size=CHIPS)
    analysis = LLMAnalysis(model, chip, formats, mesh, flops_efficiency=1.0, hbm_memory_efficiency=1.0)

    def inference(batch: int, context: int) -> float:
        told = analysis.inference(batch_size_per_gpu=batch, seq_len=context, num_tokens_to_generate=1, kv_cache_dtype_bytes=1)
        return told["decode_latency"]

    def decode(batch: int, context: int) -> float:
        cache = analysis.get_memory_kv_cache_per_layer(batch, context, kv_cache_dtype_bytes=1) * model.num_layers
        step, _ = analysis.get_latency_fwd(batch, 1, is_inference=True)
        return step + 2 * cache / (analysis.get_gpu_hbm_bandwidth() * 1e9)

    return inference if whole else decode


def genz():
    """A decode step by GenZ on its own LLaMA 3.1-70B and TPU v5e."""
    from GenZ import decode_moddeling

    def decode(batch: int, context: int) -> float:
        told = decode_moddeling(
            model="meta-llama/Llama-3.1-70B",
            batch_size=batch,
            input_tokens=context,
            Bb=1,
            system_name="TPUv5e",
            bits="int8",
            tensor_parallel=CHIPS,
        )
        return told["Latency"] / 1000

    return decode


def main() -> None:
    """Estimate for so many seconds."""
    warnings.simplefilter("ignore")
    estimate = {"inference": lambda: llm_analysis(True), "decode": lambda: llm_analysis(False), "genz": genz}[sys.argv[1]]()
    one = estimate(*POINT)
    count, points, start = 0, itertools.cycle(itertools.product(BATCHES, CONTEXTS)), time.perf_counter()
    while (taken := time.perf_counter() - start) < float(sys.argv[2]):
        estimate(*next(points))
        count += 1
    print(json.dumps([count / taken, float(one)]))


if __name__ == "__main__":
    main()
