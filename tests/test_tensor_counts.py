"""The models that come along have as many parameters as their published weights, tensor by tensor.

Source: the sizes of the weights on the model pages of huggingface.co (November 2026), without vision towers, layers that draft and what a
checkpoint stores twice; where a page counts those too, or its figure was not found, the reference implementation (transformers 5.24.0), one
tensor after the other.
"""

import pytest
from checkpoints import CHECKPOINTS
from checkpoints_of_experts import CHECKPOINTS as EXPERTS

from symroof import llm
from symroof.symbols import P

COUNTS = {
    "bloom-176b": 176_247_271_424,
    "command-a": 111_057_580_032,
    "command-r": 34_980_831_232,
    "command-r-plus": 103_810_674_688,
    "dbrx-132b": 131_596_523_520,
    "deepseek-v2": 235_741_434_880,
    "deepseek-v2-lite": 15_706_484_224,
    "deepseek-v3": 671_026_404_352,
    "deepseek-v3.2": 671_877_929_216,
    "deepseek-v4-flash": 284_332_230_231,
    "falcon-180b": 179_522_565_120,
    "falcon-40b": 41_303_293_952,
    "falcon-7b": 6_921_720_704,
    "falcon-mamba-7b": 7_272_665_088,
    "gemma-7b": 8_537_680_896,
    "gemma2-27b": 27_227_128_320,
    "gemma2-9b": 9_241_705_984,
    "gemma3-27b": 27_009_346_304,
    "gemma3-4b": 3_880_263_168,
    "gemma4-31b": 30_697_345_280,
    "glm-4-9b": 9_400_279_040,
    "glm-4.5": 352_797_814_784,
    "glm-4.5-air": 106_852_245_504,
    "glm-5": 743_911_199_232,
    "gpt-oss-120b": 116_829_156_672,
    "gpt-oss-20b": 20_914_757_184,
    "granite-3.3-8b": 8_170_835_968,
    "jamba-v0.1": 51_570_323_328,
    "kimi-k2": 1_026_408_209_408,
    "kimi-k2.5": 1_026_408_209_408,
    "llama2-13b": 13_015_864_320,
    "llama2-70b": 68_976_648_192,
    "llama2-7b": 6_738_415_616,
    "llama3-405b": 405_853_388_800,
    "llama3-70b": 70_553_706_496,
    "llama3-8b": 8_030_261_248,
    "llama3.2-1b": 1_235_814_400,
    "llama3.2-3b": 3_212_749_824,
    "llama4-maverick": 400_711_848_960,
    "llama4-scout": 107_769_861_120,
    "mamba-2.8b": 2_768_345_600,
    "mimo-v2-flash": 308_778_768_832,
    "minimax-m2.5": 228_689_748_992,
    "minimax-text-01": 456_089_655_296,
    "mistral-7b": 7_241_732_096,
    "mistral-nemo-12b": 12_247_782_400,
    "mistral-small-24b": 23_572_403_200,
    "mixtral-8x22b": 140_620_634_112,
    "mixtral-8x7b": 46_702_792_704,
    "nemotron-h-56b": 56_324_350_464,
    "nemotron-super-49b": 49_867_145_216,
    "olmo2-32b": 32_234_279_936,
    "olmoe-1b-7b": 6_919_161_856,
    "phi-2": 2_779_683_840,
    "phi-3.5-moe": 41_873_153_344,
    "phi-4": 14_659_507_200,
    "qwen2.5-32b": 32_763_876_352,
    "qwen2.5-72b": 72_706_203_648,
    "qwen2.5-7b": 7_615_616_512,
    "qwen3-0.6b": 596_049_920,
    "qwen3-1.7b": 1_720_574_976,
    "qwen3-14b": 14_768_307_200,
    "qwen3-235b-a22b": 235_093_634_560,
    "qwen3-30b-a3b": 30_532_122_624,
    "qwen3-32b": 32_762_123_264,
    "qwen3-4b": 4_022_468_096,
    "qwen3-8b": 8_190_735_360,
    "qwen3-coder-480b-a35b": 480_154_875_392,
    "qwen3-next-80b-a3b": 79_674_391_296,
    "qwen3-vl-8b": 8_190_735_360,
    "qwen3.5-27b": 26_895_998_464,
    "qwen3.5-35b-a3b": 34_660_610_688,
    "starcoder2-15b": 15_957_889_024,
    "step-3.7-flash": 195_844_496_640,
    "yi-34b": 34_388_917_248,
}


@pytest.mark.parametrize("name", COUNTS)
def test_a_model_has_the_parameters_of_its_published_weights(name):
    assert llm(name)[P] == COUNTS[name]


#: What a model page counts in all, and what of it is neither of the language model nor told apart in the file: copies of a matrix that has
#: been counted, and tables that no token is multiplied with.
PAGES = {
    "deepseek-v3.2": (685_396_921_376, EXPERTS["DeepSeek-V3.2"].more),  # scales, and two matrices of the layer that drafts
    "deepseek-v4-flash": (158_069_433_298, CHECKPOINTS["DeepSeek-V4-Flash"].more),  # scales; two numbers of 4 bits are one
    "kimi-k2": (1_026_470_731_056, CHECKPOINTS["Kimi-K2-Instruct"].more),  # scales, frequencies of rotations
    "kimi-k2.5": (170_738_182_128, CHECKPOINTS["Kimi-K2.5"].more),  # eight numbers of 4 bits are one
    "deepseek-v2": (235_741_434_880, 0),
    "falcon-40b": (41_835_970_560, 65024 * 8192),  # the embedding once more
    "falcon-7b": (7_217_189_760, 65024 * 4544),
    "gemma3-27b": (27_432_406_640, 0),
    "gemma3-4b": (4_300_079_472, 0),
    "gemma4-31b": (31_273_088_876, 2 * 1152),  # mean and spread of an image
    "glm-4.5": (358_337_791_296, 2 * 151552 * 5120 + 160),  # embedding and unembedding of the layer that drafts, its correction of routing
    "glm-4.5-air": (110_468_824_832, 2 * 151552 * 4096 + 128),
    "glm-5": (753_864_139_008, 256),
    "llama2-7b": (6_738_417_664, 32 * 64),  # frequencies of rotations, in every layer
    "llama4-maverick": (401_583_781_376, 0),
    "llama4-scout": (108_641_793_536, 0),
    "minimax-m2.5": (228_689_764_864, 0),
    "qwen3-next-80b-a3b": (81_324_862_720, 0),
    "qwen3-vl-8b": (8_767_123_696, 0),
    "qwen3.5-27b": (27_781_427_952, 0),
    "qwen3.5-35b-a3b": (35_951_822_704, 0),
}


@pytest.mark.parametrize("name", PAGES)
def test_with_what_stands_beside_it_a_model_is_what_its_page_counts(name):
    model, (page, more) = llm(name), PAGES[name]
    beside = sum(int(each) for each in model.beside.values())
    assert model[P] + model.stack.buffers.at(model).number + beside + more == page
