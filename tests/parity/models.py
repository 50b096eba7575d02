"""Tiny random models, one for each shape of the Llama family that ftx reads: `fixtures/models/<name>/`.

The llama folders carry config.json as transformers 4 wrote it (`rope_theta`, `rope_scaling`, `torch_dtype`), which is
what the hub is full of; the others carry what transformers 5 writes (`rope_parameters`, `dtype`).
"""

import json
import shutil

import torch
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from peers import FIXTURES, VOCABULARY

SMALL = dict(
    vocab_size=VOCABULARY,
    hidden_size=32,
    intermediate_size=56,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=128,
    pad_token_id=0,
    bos_token_id=1,
    eos_token_id=2,
)
LLAMA3_ROPE = dict(
    rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16
)

MODELS: dict[str, PreTrainedModel] = {
    # Every head has its own keys and values; three layers, so that freezing the last two leaves one.
    "llama2": LlamaForCausalLM(
        LlamaConfig(**SMALL | dict(num_hidden_layers=3, num_key_value_heads=4), rms_norm_eps=1e-5)
    ),
    "llama3": LlamaForCausalLM(
        LlamaConfig(
            **SMALL,
            rms_norm_eps=1e-5,
            tie_word_embeddings=True,
            rope_parameters=LLAMA3_ROPE | dict(rope_theta=500000.0),
        )
    ),
    "llama_bias": LlamaForCausalLM(
        LlamaConfig(**SMALL | dict(num_hidden_layers=1), attention_bias=True, mlp_bias=True)
    ),
    "mistral": MistralForCausalLM(MistralConfig(**SMALL, sliding_window=12, head_dim=16, rms_norm_eps=1e-5)),
    "qwen2": Qwen2ForCausalLM(Qwen2Config(**SMALL, tie_word_embeddings=True, rms_norm_eps=1e-6)),
    "qwen3": Qwen3ForCausalLM(Qwen3Config(**SMALL, head_dim=16, rms_norm_eps=1e-6)),
}


def make() -> None:
    for seed, (name, model) in enumerate(MODELS.items()):
        folder = FIXTURES / "models" / name
        shutil.rmtree(folder, ignore_errors=True)
        fill(model, seed)
        model.save_pretrained(folder)
        if name.startswith("llama"):
            write_config_of_transformers_4(folder / "config.json")


def fill(model: PreTrainedModel, seed: int) -> None:
    """Random weights large enough that every part of the model shows in the logits."""
    noise = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            value = torch.randn(weight.shape, generator=noise)
            if name.endswith("bias"):
                weight.copy_(0.2 * value)
            elif weight.dim() == 1:  # the norms
                weight.copy_(1 + 0.2 * value)
            else:
                weight.copy_(0.2 * value)


def write_config_of_transformers_4(path) -> None:
    config = json.loads(path.read_text())
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    config["rope_scaling"] = rope if rope["rope_type"] != "default" else None
    del config["head_dim"]  # the oldest folders leave it to be derived
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.46.0"
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
