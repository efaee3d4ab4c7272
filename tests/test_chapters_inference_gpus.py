"""The chapters on inference and on GPUs against a second opinion: plain arithmetic from their givens, and what print says."""

import math

import pytest

from symroof.book import chapters as book

INFERENCE, GPUS = "How to Scale Your Model, part 7: inference", "How to Scale Your Model, part 12: GPUs"

# Inference: TPU v5e as the chapter's text has it (its table: SLOW), and the 13B model.
C, C8, FAST, SLOW, ICI = 1.97e14, 3.94e14, 8.2e11, 8.1e11, 9e10
ALPHA_V5P = 4.59e14 / 1.8e11
P = 13e9
KV = 2 * 40 * 128 * 40 * 2 * 8192  # bytes of a sequence of 8k tokens, multi-head; a fifth with grouped queries
MLP, VOCABULARY, ATTENTION = 5120 * 13824 * 3 * 40, 2 * 32000 * 5120, 40 * (2 * 5120 * 40 * 128 + 2 * 5120 * 40 * 128)
REST = 64 * 2 * 4096 * 256 * (32 + 8) + 4096 * 32128  # practice 5: attention and a tied embedding; router and norms are below 1e-3
ALL, ACTIVE = 64 * 4096 * (3 * 16 * 16384 + 16 + 2) + 4096 + REST, 64 * 4096 * (3 * 2 * 16384 + 16) + REST

# batch: KV cache [GB], with the weights [GB], step [ms], tokens per second, as printed
MHA = {
    1: (6.7, 32.7, 4.98, 200.61),
    8: (53.6, 79.6, 12.13, 659.3),
    16: (107.2, 133.2, 20.3, 787.99),
    32: (214.4, 240.4, 36.65, 873.21),
    64: (428.8, 454.8, 69.33, 923.13),
    240: (1608, 1634, 249.09, 963.53),
}
GQA = {
    1: (1.34, 27.34, 4.17, 239.94),
    8: (10.72, 36.72, 5.6, 1429.19),
    16: (21.44, 47.44, 7.23, 2212.48),
    32: (42.88, 68.88, 10.5, 3047.62),
    64: (85.76, 111.76, 17.04, 3756.62),
    240: (321.6, 347.6, 52.99, 4529.34),
}


def rows(name, cache, printed):
    """The rows of a table: bandwidth only, since the FLOPs of batch 240 take as long as the weights."""
    for batch, (kv, total, ms, rate) in printed.items():
        id, bytes_ = f"infer.tab.{name}.b{batch}", batch * cache + 2 * P
        step = bytes_ / (8 * FAST)
        yield f"{id}.kv", ([batch * cache], [kv * 1e9])
        yield f"{id}.total", ([bytes_], [total * 1e9])
        yield id, ([step], [ms * 1e-3])
        yield f"{id}.rate", ([batch / step], [rate])


# id: (second opinion, what print says), both in SI units; an empty print is an answer the book leaves to the reader
INFER = {
    "infer.bcrit": ([C / FAST, C / FAST / 2, C8 / FAST / 2], [240, 120, 240]),
    "infer.13b.params": ([MLP, VOCABULARY, ATTENTION, MLP + VOCABULARY + ATTENTION], [8.5e9, 0.33e9, 4.2e9, 13e9]),
    "infer.13b.mem": ([2 * P, 2 * 8192 * 5120, 8 * P], [26e9, 80e6, 100e9]),
    "infer.13b.kv": ([KV], [6.7e9]),
    "infer.13b.kv.caches": ([math.ceil(2 * P / KV)], [4]),
    **dict(rows("mha", KV, MHA)),
    **dict(rows("gqa5", KV / 5, GQA)),
    "infer.tab.cap": ([8 / (2 * P / C + KV / FAST), 8 / (2 * P / C + KV / 5 / FAST)], []),
    "infer.tab.oom": ([math.floor((8 * 2**34 - 2 * P) / KV), math.floor((8 * 2**34 - 2 * P) / (KV / 5))], []),
    "infer.tab.oom.gb": ([math.floor((8 * 16e9 - 2 * P) / KV), math.floor((8 * 16e9 - 2 * P) / (KV / 5))], []),
    "infer.gen.tp": ([16384 / (32 * 8)], [64]),
    "infer.gen.tp.sheet": ([16384 / (32 * SLOW / ICI), 16384 / (32 * 1.6e12 / 1.8e11)], []),
    "infer.gen.tp.beta": ([SLOW / ICI, 1.6e12 / 1.8e11], []),
    "infer.q4": ([2 * 16384 * ICI / C, 2 * 16384 / ALPHA_V5P], []),
    "infer.q4.step": ([18.4e9 / (16 * SLOW)], []),
    "infer.q5.a": ([ALL, ACTIVE], [212e9, 31.2e9]),
    "infer.q5.b": ([C / FAST * 16 / 2], [1920]),
    "infer.q5.b.model": ([C / FAST * ALL / ACTIVE], []),
    "infer.q5.b.flops": ([2 * ACTIVE], [62.4e9]),
    "infer.q7.a": ([math.sqrt(128 / 8)], [4]),
    "infer.q7.a.yz": ([math.sqrt(8 * 128)], [32]),
    "infer.q7.a.cost": ([math.sqrt(128)], [11.3]),
    "infer.q7.b": ([32 * 4 * (3 / 4) ** 2], [81]),
    "infer.appC": ([8 * 4.5e10 * 1e-6], [360e3]),
    "infer.appC.bytes": ([16 * 8192], [131e3]),
    "infer.appC.ways": ([16 * 8192 / 45e3], [2.91]),
}

# GPUs: FLOP/s as the chapter's table has them; bandwidth of a GPU into NVLink, of its share of the network, of a node of 8.
H, B200 = 9.9e14, 2.25e15
NVLINK, SHARE = 4.5e11, 5e10
NODE = 8 * SHARE
FLOPS = 6 * 70e9 * 15e12
SECONDS = FLOPS / (4096 * H * 0.45)

GPU = {
    "gpu.l2": ([5.5e12 / 3.35e12], [1.6]),
    "gpu.hw.a100": ([3.1e14 / 2e12], []),
    "gpu.hw.a100.peak": ([3.12e14], [3.1e14]),
    "gpu.hw.h100": ([9.9e14 / 3.4e12], []),
    "gpu.hw.h100.peak": ([9.894e14], [9.9e14]),
    "gpu.hw.h200": ([9.9e14 / 4.8e12], []),
    "gpu.hw.h200.peak": ([9.894e14], [9.9e14]),
    "gpu.hw.b200": ([2.3e15 / 8e12], []),
    "gpu.hw.b200.peak": ([2.25e15], [2.3e15]),
    "gpu.vs": ([9.9e14 / 4.59e14], [2]),
    "gpu.vs.hbm": ([141 / 96], [1.5]),
    "gpu.vs.price": ([10 / 4.2], []),
    "gpu.units": ([132 * 4], [528]),
    "gpu.units.alus": ([132 * 4 * 32], [16896]),
    "gpu.units.tpu": ([4 * 8 * 128], [4096]),
    "gpu.pod": ([32 * 8], [256]),
    "gpu.pod.gpus": ([4 * 32 * 8], [1024]),
    "gpu.pod.nvlink": ([4 * 32 * 4], [512]),
    "gpu.pod.leaf": ([4 * 8], [32]),
    "gpu.pod.switches": ([4 * 32 * 4 + 4 * 8 + 16], [560]),
    "gpu.pod.bw": ([32 * 4e11], [12.8e12]),
    "gpu.pod.bw.spine": ([16 * 64 * 5e10], [51.2e12]),
    "gpu.pod.bw.leaf": ([8 * 64 * 5e10], [25.6e12]),
    "gpu.gb200": ([18 * 4 * 400e9 / 8], [3.6e12]),
    "gpu.gb200.ratio": ([18 * 4 * 400e9 / 8 / 4e11], [9]),
    "gpu.q3.1": ([8 * 400e9 / 8], [400e9]),
    "gpu.q3.1.unit": ([8 * 32 * 400e9 / 8], [12.8e12]),
    "gpu.q3.1.spine": ([8 * 16 * 2 * 400e9 / 8], [12.8e12]),
    "gpu.q3.1.node": ([16 * 64 * 400e9 / 8 / 128], [400e9]),
    "gpu.q3.2": ([2048 / 256], [8]),
    "gpu.q3.2.spines": ([2048 / 1024 * 16], [32]),
    "gpu.dp": ([H / NVLINK], [2200]),
    "gpu.dp.across": ([H / NODE], [2475]),
    "gpu.dp.llama": ([16000 * H / NODE], [40e6]),
    "gpu.dp.ds": ([H / 3e11], [3300]),
    "gpu.dp.ds.total": ([H / 3e11 * 2048], [6.7e6]),
    "gpu.dp.small": ([H / NODE * (2 - 1) / 2], [1237]),
    "gpu.dp.moe": ([H / NODE * 128 / 4], [79200]),
    "gpu.ep": ([8 * H / NODE], []),
    "gpu.ep.few": ([H / NODE * (64 - 8) / 8], []),
    "gpu.pp": ([2 * 4096 * 8192 / (4e11 * 16) * (16 + 8 - 2)], []),
    "gpu.q5.1": ([B200 / 9e11], [2500]),
    "gpu.q5.1.across": ([B200 / NODE], [5625]),
    "gpu.q5.1.flops": ([B200 / H], [2.25]),
    "gpu.q5.2a": ([70e9 * 10], [700e9]),
    "gpu.q5.2a.chips": ([math.ceil(70e9 * 10 / 80e9)], [9]),
    "gpu.q5.2b": ([FLOPS], [6.3e24]),
    "gpu.q5.2b.rate": ([4096 * H * 0.45], [1.8e18]),
    "gpu.q5.2b.time": ([SECONDS], [3.5e6]),
    "gpu.q5.2b.days": ([SECONDS], [40 * 86400]),
    "gpu.q5.2c": ([28672 * NVLINK / H], [14.372]),
    "gpu.q5.2d": ([70e9 * 10 / 8], [87.5e9]),
    "gpu.q5.2d.tokens": ([4e6 / 4096], [976]),
    "gpu.q5.2d.egress": ([8 * NODE], [3.2e12]),
    "gpu.q5.2d.roofline": ([H / (8 * NODE)], [309]),
    "gpu.q5.3": ([192 * 4096 / 192, 384 * 4096 / 768, 1536 * 4096 / 3072], [4096, 2048, 2048]),
    "gpu.q5.3.bounds": ([H / NODE / 2, H / NODE / 8], [1000, 300]),
    "gpu.appA": ([(3.6e12 / 4e11) / (B200 / H)], [4]),
    "gpu.appA.across": ([B200 / 3.6e12], []),
    "gpu.appA.within": ([B200 / 9e11], []),
    "gpu.appB": ([25.6e12 / 1024, 12.8e12 / 256], [25e9, 50e9]),
    "gpu.appB.main": ([51.2e12 / 1024], []),
}
TABLE = INFER | GPU

QUESTIONS = [q for q in book.questions() if q.chapter in (INFERENCE, GPUS)]
ANSWERS = {a.id: a for q in QUESTIONS for a in q.function()}


def test_where_print_differs():
    assert {a.id for a in ANSWERS.values() if a.verdict == "differs"} == {
        "infer.13b.mem",  # 83.9 MB and 104 GB, cut off
        "infer.q7.b",  # 81 chips
        "gpu.vs",  # "close to 2x"
        "gpu.q5.2c",  # 1995
        "gpu.q5.3.bounds",  # "roughly 1k and 300"
    }


def test_the_fastest_split_of_two_dimensional_sharding_is_the_least_of_a_scan():
    """Communication on 128 chips of a cube, in units of B D bytes over W: 2/X + 16/(YZ), least at X = 4."""
    cost = {x: 2 / x + 16 * x / 128 for x in range(1, 129)}
    assert min(cost, key=cost.get) == pytest.approx(ANSWERS["infer.q7.a"].ours[0])
    assert cost[4] * math.sqrt(128) == pytest.approx(ANSWERS["infer.q7.a.cost"].ours[0])
