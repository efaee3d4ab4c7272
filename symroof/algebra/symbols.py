"""The alphabet: positive sympy symbols that know their unit, their meaning and their LaTeX name.

One table, in the book's letters. A user declares another symbol in one line::

    Q = symbol("Q", "query/s", "queries per second")

The letters of an estimate have a value unless they are bound, see ``UNLESS``: a fraction that is reached (``eta_math``) is 1, a
time that is added (``t_layer``) is 0.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from symroof.algebra.letter import Symbol as Symbol
from symroof.algebra.letter import symbol as symbol

# The nomenclature. Name, unit, meaning.
# -- what is asked of the model
B = symbol("B", "token", "batch: tokens per step; when decoding, sequences")
T = symbol("T", "token", "new tokens of a sequence: the prompt, in prefill")
S = symbol("S", "token", "context held in the KV cache, per sequence")
G = symbol("G", "token", "tokens generated per sequence")
# -- requests that arrive at a replica
lam = symbol("lam", "request/s", "requests per second at a replica")
Lam = symbol("Lam", "request/s", "requests per second at all replicas", r"\Lambda")
n_srv = symbol("n_srv", "1", "replicas that share the requests", r"n_\text{srv}", count=True)
S_hit = symbol("S_hit", "token", "tokens of a prompt whose cache is there already, beside T new ones", r"S_\text{hit}")
T_all = symbol("T_all", "token", "tokens of a prompt, those whose cache is there among them", r"T_\text{all}")
h = symbol("h", "1", "hit rate: the share of a prompt whose cache is there already")
g = symbol("g", "token", "tokens of an answer that decode steps make: all but the first, G - 1")
c_a2 = symbol("c_a2", "1", "spread of times between requests, variance over mean squared: 1 of Poisson's, 0 of even ones", r"c_\text{a}^2")
c_s2 = symbol("c_s2", "1", "spread of the lengths of answers, variance over mean squared: 0 where all are alike", r"c_\text{s}^2")
e_G = symbol("e_G", "1", "mean of the shorter of two answers over the mean: 1 where all are alike, 1/2 of geometric ones; 1 - Gini")
z = symbol("z", "1", "what the running sequences that a token sees exceed lam*t_tok*g by, itself counted: 0 as a mean over steps")
busy = symbol("busy", "1", "share of the time in which a replica has something to do")
a = symbol("a", "s", "time of a decode step that does not depend on its sequences")
a_0 = symbol("a_0", "s", "the part of a that a decode step takes where arithmetic binds, too")
b = symbol("b", "s/token", "time that a sequence adds to a decode step while memory binds")
c = symbol("c", "s/token", "time of a decode step for each of its sequences where arithmetic binds")
t_pre = symbol("t_pre", "s", "time that the prefill of a request takes from a replica", r"t_\text{pre}")
t_tok = symbol("t_tok", "s", "time per output token after the first, or its limit", r"t_\text{tok}")
t_wait = symbol("t_wait", "s", "time that a prompt waits before it is read, or its limit", r"t_\text{wait}")
a_2 = symbol("a_2", "s", "a of another design")
b_2 = symbol("b_2", "s/token", "b of another design")
t_pre2 = symbol("t_pre2", "s", "t_pre of another design", r"t_\text{pre2}")
k_long = symbol("k_long", "1", "the longest answer of a batch over the mean one", r"k_\text{long}")
t_plan = symbol("t_plan", "s", "time that choosing the sequences of every step adds to it", r"t_\text{plan}")
T_chunk = symbol("T_chunk", "token", "tokens of prompts that a step reads at most", r"T_\text{chunk}")
t_hash = symbol("t_hash", "s", "time that looking for a cached prefix takes a replica, a request", r"t_\text{hash}")
k_room = symbol("k_room", "1", "share of the room for caches that is left where the others are kept for later", r"k_\text{room}")
W_back = symbol("W_back", "byte/s", "bandwidth at which a replica gets caches back that are kept elsewhere", r"W_\text{back}")
t_back = symbol("t_back", "s", "time until the first byte of such a cache comes", r"t_\text{back}")
M_tok = symbol("M_tok", "byte/token", "bytes that a token of context keeps in caches: kv of a model", r"M_\text{tok}")
n_kv = symbol("n_kv", "1", "ways that a cache can be split by heads: the KV heads of a model", r"n_\text{kv}")
t_new = symbol("t_new", "s/token", "prefill of a token, its attention left out", r"t_\text{new}")
t_new2 = symbol("t_new2", "s/token/token", "time that a token of a prompt takes for attention to one before it", r"t_\text{new2}")
alpha = symbol("alpha", "1", "acceptance: the chance that a drafted token is what the model would have made", r"\alpha")
n_dr = symbol("n_dr", "1", "tokens that are drafted for one step of the model", r"n_\text{dr}")
n_ok = symbol("n_ok", "token", "tokens that a step of the model and its drafts yield on average", r"n_\text{ok}")
a_dr = symbol("a_dr", "s", "time of drafting a token that does not depend on the sequences", r"a_\text{dr}")
b_dr = symbol("b_dr", "s/token", "time that a sequence adds to drafting a token", r"b_\text{dr}")
M_att = symbol("M_att", "byte", "weights of attention, which every chip holds where it is data parallel", r"M_\text{att}")
t_red = symbol("t_red", "s", "collectives of a step with tensor parallel attention", r"t_\text{red}")
t_swap = symbol("t_swap", "s", "collectives of a step that splits attention in another way", r"t_\text{swap}")
B_max = symbol("B_max", "token", "sequences that a replica decodes at most: its slots, or what its cache has room for", r"B_\text{max}")
price_wait = symbol("price_wait", "USD/s", "what a second is worth that a request waits for its tokens", r"\text{price}_\text{wait}")
price_J = symbol("price_J", "USD/J", "price of energy", r"\text{price}_\text{J}")
P_idle = symbol("P_idle", "J/s", "power of a chip that has nothing to do", r"P_\text{idle}")
t_first = symbol("t_first", "s", "time to the first token, or its limit", r"t_\text{first}")
# -- the model
L = symbol("L", "1", "layers", count=True)
D = symbol("D", "1", "d_model, the width of the residual stream")
F = symbol("F", "1", "d_ff, the width of the MLP (of one expert)")
N = symbol("N", "1", "query heads", count=True)
K = symbol("K", "1", "KV heads", count=True)
H = symbol("H", "1", "size of a head")
V = symbol("V", "1", "vocabulary")
E = symbol("E", "1", "experts of a mixture-of-experts layer")
k = symbol("k", "1", "experts per token")
F_dense = symbol("F_dense", "1", "d_ff of the dense layers of a mixture of experts")
F_sh = symbol("F_sh", "1", "width of the shared experts, which every token uses")
G_o = symbol("G_o", "1", "groups of heads whose results compressed attention projects together", r"G_\text{o}")
R_o = symbol("R_o", "1", "rank of the results of a group of heads in compressed attention", r"R_\text{o}")
n_res = symbol("n_res", "1", "residual streams", r"n_\text{res}")
R_lau = symbol("R_lau", "1", "rank of the side path around a layer", r"R_\text{lau}")
D_ple = symbol("D_ple", "1", "size of the embedding that a token has for each layer", r"D_\text{ple}")
V_ple = symbol("V_ple", "1", "vocabulary of the embeddings for each layer", r"V_\text{ple}")
M_pend = symbol("M_pend", "byte", "bytes that a sequence keeps for entries that are not complete", r"M_\text{pend}")
D_lat = symbol("D_lat", "1", "width that latent experts work at", r"D_\text{lat}")
E_hit = symbol("E_hit", "1", "experts that some token of a step uses; E(1-(1-k/E)^B) on average if routing is even, at least k")
E_idle = symbol("E_idle", "1", "experts that compute nothing: a token that is routed to one skips it", r"E_\text{idle}")
R_q = symbol("R_q", "1", "rank of the queries in latent attention")
R_kv = symbol("R_kv", "1", "rank of keys and values in latent attention: what is cached")
H_nope = symbol("H_nope", "1", "size of a latent-attention head without position")
H_rope = symbol("H_rope", "1", "size of a latent-attention head with position")
H_v = symbol("H_v", "1", "size of a value head, where it is not that of a key")
N_ssm = symbol("N_ssm", "1", "heads of a state-space layer")
H_ssm = symbol("H_ssm", "1", "size of a head of a state-space layer")
G_ssm = symbol("G_ssm", "1", "groups of heads that share B and C in a state-space layer")
D_st = symbol("D_st", "1", "size of the state of a channel in a state-space layer", r"D_\text{st}")
D_in = symbol("D_in", "1", "channels of a state-space layer", r"D_\text{in}")
R_dt = symbol("R_dt", "1", "rank through which a state-space layer chooses its time steps", r"R_\text{dt}")
N_kl = symbol("N_kl", "1", "heads of keys in a linear-attention layer", r"N_\text{kl}")
N_vl = symbol("N_vl", "1", "heads of values in a linear-attention layer", r"N_\text{vl}")
H_kl = symbol("H_kl", "1", "size of a key in a linear-attention layer", r"H_\text{kl}")
H_vl = symbol("H_vl", "1", "size of a value in a linear-attention layer", r"H_\text{vl}")
D_rec = symbol("D_rec", "1", "channels of a gated linear recurrence", r"D_\text{rec}")
D_emb = symbol("D_emb", "1", "width of an embedding, where it is not that of the model", r"D_\text{emb}")
R_ad = symbol("R_ad", "1", "rank of what a layer that shares its weights has of its own", r"R_\text{ad}")
w_conv = symbol("w_conv", "1", "width of the convolution of a state-space layer", r"w_\text{conv}")
S_chunk = symbol("S_chunk", "token", "tokens that a state-space layer takes at once in prefill")
S_pos = symbol("S_pos", "1", "learned positions, each a vector of D")
S_chk = symbol("S_chk", "token", "tokens of the chunk that chunked attention does not leave", r"S_\text{chk}")
N_ix = symbol("N_ix", "1", "heads of the indexer of sparse attention", r"N_\text{ix}")
H_ix = symbol("H_ix", "1", "size of a head of the indexer of sparse attention", r"H_\text{ix}")
S_top = symbol("S_top", "token", "entries that sparse attention picks for a token", r"S_\text{top}")
S_cmp = symbol("S_cmp", "token", "tokens that one entry of a compressed cache stands for", r"S_\text{cmp}")
S_win = symbol("S_win", "token", "tokens that a sliding window sees")
# -- layers that are not all of them
L_dense = symbol("L_dense", "1", "layers of a mixture of experts that are dense")
L_moe = symbol("L_moe", "1", "layers with experts, where others have none")
L_win = symbol("L_win", "1", "layers with a sliding window")
L_full = symbol("L_full", "1", "layers that see the whole context, beside others")
L_ssm = symbol("L_ssm", "1", "state-space layers")
# -- aggregates: each is defined in the letters of a model's layers, see ``llm(...).stack``
P = symbol("P", "param", "parameters")
P_mm = symbol(
    "P_mm", "param", "parameters that one token is multiplied with when decoding: no lookups, norms, biases or idle experts", r"P_\text{mm}"
)
P_read = symbol("P_read", "param", "parameters that every step reads: all but lookups and routed experts")
P_exp = symbol("P_exp", "param", "parameters of one routed expert, over all layers")
M_w = symbol("M_w", "byte", "bytes of the weights, as they are stored", r"M_\text{w}")
M_read = symbol("M_read", "byte", "bytes of weights that every step reads: all but lookups and routed experts", r"M_\text{read}")
M_exp = symbol("M_exp", "byte", "bytes of one routed expert, over all layers", r"M_\text{exp}")
kv = symbol("kv", "byte/token", "bytes that a token adds to the KV cache", r"\mathrm{kv}")
kv_win = symbol("kv_win", "byte/token", "bytes of KV cache for a token that a sliding window sees", r"\mathrm{kv}_\text{win}")
kv_lent = symbol("kv_lent", "byte/token", "bytes of KV cache for a token that other layers keep", r"\mathrm{kv}_\text{lent}")
M_st = symbol("M_st", "byte", "bytes of state that a sequence keeps, whatever its context", r"M_\text{st}")
f_att = symbol("f_att", "FLOP/pair", "FLOPs of attention for a new token and a token it sees, when decoding", r"f_\text{att}")
f_win = symbol("f_win", "FLOP/pair", "FLOPs of windowed attention for a new token and a token it sees", r"f_\text{win}")
f_st = symbol("f_st", "FLOP/token", "FLOPs of the states for a token, when decoding", r"f_\text{st}")
f_pre = symbol("f_pre", "FLOP/pair", "FLOPs of attention for a new token and a token it sees, when prompts are read", r"f_\text{pre}")
f_scan = symbol("f_scan", "FLOP/token", "FLOPs of the states for a token, when prompts are read", r"f_\text{scan}")
# -- bytes per element
p = symbol("p", "byte", "bytes per element")
p_w = symbol("p_w", "byte", "bytes per weight", "p_w")
p_kv = symbol("p_kv", "byte", "bytes per element of the KV cache")
p_a = symbol("p_a", "byte", "bytes per activation", "p_a")
p_st = symbol("p_st", "byte", "bytes per element of a recurrent state; 4 unless said", r"p_\text{st}")
p_g = symbol("p_g", "byte", "bytes per element of a gradient as it is added up; p_w unless said")
p_rest = symbol("p_rest", "byte", "bytes per weight at rest, where data parallelism shards weights; p_w unless said", r"p_\text{rest}")
p_logit = symbol("p_logit", "byte", "bytes per logit that are there at once; p_a unless said", r"p_\text{logit}")
p_mask = symbol("p_mask", "byte", "bytes per element of a mask of dropout; 1 unless said", r"p_\text{mask}")
p_conv = symbol("p_conv", "byte", "bytes per input that a convolution keeps; 2 unless said", r"p_\text{conv}")
# -- the chip
C = symbol("C", "FLOP/s", "FLOP/s of a chip, dense, in the format the arithmetic is done in")
C_FORMAT: dict[str, Symbol] = {
    f: symbol(f"C_{f}", "FLOP/s", f"dense FLOP/s of a chip in {f}") for f in ("fp32", "tf32", "bf16", "fp16", "fp8", "int8", "fp4", "int4")
}
C_fp32, C_tf32, C_bf16, C_fp16, C_fp8, C_int8, C_fp4, C_int4 = C_FORMAT.values()
#: The format of the arithmetic that a rate is of.
FORMAT_OF: dict[Any, str] = {s: f for f, s in C_FORMAT.items()}
W_hbm = symbol("W_hbm", "byte/s", "HBM bandwidth of a chip")
W_read = symbol("W_read", "byte/s", "HBM bandwidth that a program reads off or reaches; W_hbm is the one it is sold with", r"W_\text{read}")
M_hbm = symbol("M_hbm", "byte", "HBM size of a chip")
M_sold = symbol("M_sold", "byte", "HBM size that a chip is sold with", r"M_\text{sold}")
M_seen = symbol("M_seen", "byte", "HBM size that a program sees", r"M_\text{seen}")
W_ici = symbol("W_ici", "byte/s", "interconnect bandwidth of a chip: both directions of one torus axis, or all links into a switch one way")
n_axes = symbol("n_axes", "1", "mesh axes a collective runs over", r"n_\text{axes}")
W_link = symbol("W_link", "byte/s", "bandwidth of all links of a chip into a switch, one way, in whatever slice it is", r"W_\text{link}")
W_dcn = symbol("W_dcn", "byte/s", "data-centre network bandwidth of a chip")
# -- bandwidths of the mesh of a deployment or a training run; a layout of a chip says how much
W_X = symbol("W_X", "byte/s", "bandwidth of a chip in a collective over X")
W_Y = symbol("W_Y", "byte/s", "bandwidth of a chip in a collective over Y, or Y and Z")
A_X = symbol("A_X", "byte/s", "bandwidth of a chip in an AllToAll over X: less than W_X where bytes take several hops")
A_Z = symbol("A_Z", "byte/s", "bandwidth of a chip in an AllToAll over Z")
W_rep = symbol("W_rep", "byte/s", "bandwidth of a chip in a collective over the copies of what data parallelism shards")
W_ctx = symbol("W_ctx", "byte/s", "bandwidth of a chip in a collective of context parallelism")
W_Z = symbol("W_Z", "byte/s", "bandwidth of a chip to the next stage of a pipeline, one way; W_X unless said")
A_exp = symbol("A_exp", "byte/s", "bandwidth of a chip in an AllToAll among those that share experts")
t_hop = symbol("t_hop", "s", "latency of one hop")
t_node = symbol("t_node", "s", "time of an AllReduce of next to nothing in a node, as measured", r"t_\text{node}")
price = symbol("price", "USD/s", "price of a chip", r"\text{price}")
power = symbol("power", "J/s", "power of a chip, at most", r"\text{power}")
# -- the inside of a chip
n_core = symbol("n_core", "1", "cores of a chip: TensorCores, streaming multiprocessors, compute units", r"n_\text{core}")
n_sub = symbol("n_sub", "1", "parts of a core that work by themselves, each with a matrix unit", r"n_\text{sub}")
n_mxu = symbol("n_mxu", "1", "matrix units of a chip", r"n_\text{mxu}")
D_mxu = symbol("D_mxu", "1", "side of a matrix unit that is a systolic array", r"D_\text{mxu}")
n_lane = symbol("n_lane", "1", "lanes of a vector unit", r"n_\text{lane}")
f_clk = symbol("f_clk", "1/s", "clock rate", r"f_\text{clk}")
M_smem = symbol("M_smem", "byte", "shared memory (with L1) of a core", r"M_\text{smem}")
M_reg = symbol("M_reg", "byte", "registers of a core", r"M_\text{reg}")
M_vmem = symbol("M_vmem", "byte", "vector memory of a core, or memory on the chip that programs manage", r"M_\text{vmem}")
M_L2 = symbol("M_L2", "byte", "L2 cache of a chip", r"M_\text{L2}")
W_L2 = symbol("W_L2", "byte/s", "bandwidth of the L2 cache", r"W_\text{L2}")
W_vmem = symbol("W_vmem", "byte/s", "bandwidth of the vector memory of a chip", r"W_\text{vmem}")
W_pcie = symbol("W_pcie", "byte/s", "PCIe bandwidth of a chip, one way", r"W_\text{pcie}")
n_host = symbol("n_host", "chip", "chips of one host", r"n_\text{host}")
M_host = symbol("M_host", "byte", "memory of one host", r"M_\text{host}")
#: Everything of the inside, by the key of a data file.
INSIDE: dict[str, Symbol] = {
    "cores": n_core,
    "subcores": n_sub,
    "matrix_units": n_mxu,
    "matrix_side": D_mxu,
    "lanes": n_lane,
    "clock": f_clk,
    "shared_memory": M_smem,
    "registers": M_reg,
    "vector_memory": M_vmem,
    "vector_bandwidth": W_vmem,
    "l2": M_L2,
    "l2_bandwidth": W_L2,
    "pcie": W_pcie,
    "host_memory": M_host,
}
# -- how the model is laid out
n = symbol("n", "chip", "chips", count=True)
X = symbol("X", "1", "ways of data parallelism (or FSDP)", count=True)
Y = symbol("Y", "1", "ways of model (tensor) parallelism", count=True)
Z = symbol("Z", "1", "ways of pipeline or expert parallelism", count=True)
n_rep = symbol("n_rep", "1", "copies of what data parallelism shards: nodes, or slices that a network joins", count=True)
n_ctx = symbol("n_ctx", "1", "ways of context parallelism", count=True)
n_exp = symbol("n_exp", "1", "chips that share the experts of a layer, beside X", count=True)
n_virt = symbol("n_virt", "1", "parts of the layers that a stage of an interleaved pipeline holds", count=True)
L_first = symbol("L_first", "1", "layers of the first stage of a pipeline", r"L_\text{first}")
L_last = symbol("L_last", "1", "layers of the last stage of a pipeline, beside the unembedding", r"L_\text{last}")
M_X = symbol("M_X", "1", "physical interconnect axes that mesh axis X runs over")
M_Y = symbol("M_Y", "1", "physical interconnect axes that mesh axis Y runs over")
t_lim = symbol("t_lim", "s", "longest time a decode step may take")
r_pre = symbol("r_pre", "1", "prefill servers per generate server", r"r_\text{pre}")
# -- what a training run takes
D_tok = symbol("D_tok", "token", "tokens of a training run", r"D_\text{tok}")
t_run = symbol("t_run", "s", "length of a training run")
p_opt = symbol(
    "p_opt", "byte", "bytes of optimizer state per parameter; Adam in fp32 has 8, with a master copy of the weights 12", r"p_\text{opt}"
)
checkpoints = symbol("checkpoints", "1", "activations of D elements a token that a layer keeps", r"k_\text{ckpt}")
microbatches = symbol("microbatches", "1", "microbatches of a step, which a pipeline cuts a batch into", r"N_\text{mb}", count=True)
bubble_max = symbol("bubble_max", "1", "part of a step that the stages of a pipeline may idle", r"b_\text{max}")
# -- what a real server does not give to the KV cache
u_hbm = symbol("u_hbm", "1", "fraction of its HBM that a server uses; 1 in a bound", r"u_\text{hbm}")
M_run = symbol("M_run", "byte", "buffers of runtime and communication on a chip; 0 in a bound", r"M_\text{run}")
M_act = symbol("M_act", "byte", "activations of the largest step, on a chip; 0 in a bound", r"M_\text{act}")
M_more = symbol("M_more", "byte", "what a server loads beside the language model: tables of rotations, other towers", r"M_\text{more}")
T_step = symbol("T_step", "token", "new tokens of the largest step of a server", r"T_\text{step}")
R_seq = symbol("R_seq", "token", "sequences that a step of a server samples at most", r"R_\text{seq}")
# -- from a bound to an estimate: what is reached of a rate, 1 unless bound, and what is added, 0 unless bound
MFU = symbol("MFU", "1", "model FLOP utilisation: useful FLOPs over peak FLOPs")
eta_math = symbol("eta_math", "1", "fraction of C that is reached")
ETA_FORMAT: dict[Symbol, Symbol] = {
    rate: symbol(f"eta_{f}", "1", f"fraction of C_{f} that is reached, beside eta_math") for f, rate in C_FORMAT.items()
}
eta_fp32, eta_tf32, eta_bf16, eta_fp16, eta_fp8, eta_int8, eta_fp4, eta_int4 = ETA_FORMAT.values()
eta_hbm = symbol("eta_hbm", "1", "fraction of W_hbm that is reached")
eta_att = symbol("eta_att", "1", "fraction of C that attention reaches; eta_math unless bound", r"\eta_\text{att}")
eta_kv = symbol("eta_kv", "1", "fraction of W_hbm that is reached where caches are read; eta_hbm unless bound", r"\eta_\text{kv}")
eta_link = symbol("eta_link", "1", "fraction of the bandwidth of links and networks that is reached")
t_layer = symbol("t_layer", "s", "time that a layer takes beside its work, in a pass", r"t_\text{layer}")
t_coll = symbol("t_coll", "s", "time that a collective takes beside its bytes", r"t_\text{coll}")
t_step = symbol("t_step", "s", "time that a step takes beside its layers", r"t_\text{step}")
t_api = symbol("t_api", "s", "time that a server takes for each request beside its steps", r"t_\text{api}")
T_tile = symbol("T_tile", "token", "tokens of a tile, which those of a routed expert fill up", r"T_\text{tile}")
t_req = symbol("t_req", "s", "time that a step takes for each sequence, beside its work", r"t_\text{req}")
eta_head = symbol("eta_head", "1", "fraction of the peak that the unembedding reaches", r"\eta_\text{head}")
# -- what a training step does not hide: 0 in a bound
k_h = symbol("k_h", "1", "part of the HBM traffic of norms, sums, rotations and activation functions that a step waits for")
k_g = symbol("k_g", "1", "part of the HBM traffic of the operands and results of matmuls that a step waits for")
k_s = symbol("k_s", "1", "how often scores that are not kept on chip cross HBM, as a step waits for it")
x_tp = symbol("x_tp", "1", "part of the collectives of tensor parallelism that a step waits for", r"x_\text{tp}")
x_cp = symbol("x_cp", "1", "part of the collectives of context parallelism that a step waits for", r"x_\text{cp}")
x_ep = symbol("x_ep", "1", "part of the collectives of expert parallelism that a step waits for", r"x_\text{ep}")
x_pp = symbol("x_pp", "1", "part of what stages of a pipeline send that a step waits for", r"x_\text{pp}")
x_fs = symbol("x_fs", "1", "part of the collectives of weights in every microbatch that a step waits for", r"x_\text{fs}")
x_dp = symbol("x_dp", "1", "part of the collectives of gradients and weights once a step that a step waits for", r"x_\text{dp}")
x_opt = symbol("x_opt", "1", "part of the HBM traffic of the optimizer that a step waits for", r"x_\text{opt}")
x_host = symbol("x_host", "1", "part of what goes to the host and back that a step waits for", r"x_\text{host}")
j_rep = symbol("j_rep", "1", "part of a step that is lost to jitter, for every doubling of n_rep", r"j_\text{rep}")
j_data = symbol("j_data", "1", "part of a step that is lost to jitter, for every doubling of all data ways", r"j_\text{data}")
k_cap = symbol("k_cap", "1", "capacity of experts over an even share of the tokens; 1 in a bound", r"k_\text{cap}")
# -- what more memory holds than it must
k_pre = symbol("k_pre", "1", "layers that are gathered ahead, beside the embeddings; 0 in a bound", r"k_\text{pre}")
k_work = symbol("k_work", "1", "gradients of a layer's results that are there at once, as a part of all; 0 in a bound", r"k_\text{work}")
k_frag = symbol("k_frag", "1", "memory reserved over memory in use; 1 in a bound", r"k_\text{frag}")

#: Binding a symbol on the left scales the rates on the right: with ``eta_hbm=0.8``, W_hbm counts as 0.8 W_hbm.
DERATES: dict[Symbol, frozenset[Symbol]] = {
    eta_math: frozenset({C, *C_FORMAT.values()}),
    **{eta: frozenset({rate}) for rate, eta in ETA_FORMAT.items()},
    eta_hbm: frozenset({W_hbm}),
    eta_link: frozenset({W_ici, W_link, W_dcn, W_X, W_Y, W_Z, W_rep, W_ctx, A_X, A_Z, A_exp, W_pcie}),
}
#: What a bound counts nothing of.
_FREE: tuple[Symbol, ...] = (t_layer, t_coll, t_step, t_req, t_api, k_h, k_g, k_s, k_pre, k_work)
_FREE += (x_tp, x_cp, x_ep, x_pp, x_fs, x_dp, x_opt, x_host, j_rep, j_data)
#: Fractions of something: at most 1.
FRACTIONS = frozenset({MFU, u_hbm, h, alpha, k_room, e_G, busy, eta_att, eta_kv, eta_head, *DERATES})
#: What there may be nothing of.
NOTHING = frozenset({a_0, M_run, M_act, M_more, S_hit, h, c_a2, c_s2, z, *_FREE})
#: What letters are worth that nobody binds: then a formula is a bound. Once nothing else is open, they are put in.
UNLESS: dict[Symbol, sp.Expr] = {
    **dict.fromkeys((*DERATES, k_cap, k_frag, p_mask, T_tile), sp.Integer(1)),
    **dict.fromkeys(_FREE, sp.Integer(0)),
    eta_att: eta_math,
    eta_head: eta_math,
    eta_kv: eta_hbm,
    p_g: p_w,
    p_rest: p_w,
    p_logit: p_a,
    W_Z: W_X,
}

ALPHABET: dict[str, Symbol] = {s.name: s for s in list(globals().values()) if isinstance(s, Symbol)}
