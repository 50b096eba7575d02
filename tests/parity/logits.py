"""Logits of the tiny models: `fixtures/logits/<model>.safetensors`, and of their variants with the same weights.

A file holds `ids` [2, T], `logits` [2, T, V] in fp32, and for the models themselves two more: `logits_bf16` is the
model in bf16, `logits_rounded` is fp32 arithmetic on the weights rounded to bf16. The distance of those two is bf16's
own error, which ftx may make as well.

`fixtures/logits/variants.json` says what to change in config.json for each variant: `legacy` in the fields of
transformers 4, `config` in those of transformers 5. Both mean the same logits.
"""

import torch

from peers import load, random_ids, save_json, save_tensors

T = 40  # beyond mistral's sliding window (12) and beyond the positions that the rope variants were made for (16)

# variant: (model, rope kind, its parameters, other fields of config.json)
VARIANTS = {
    "rope_linear": ("llama2", "linear", dict(factor=4.0), {}),
    "rope_dynamic": ("llama2", "dynamic", dict(factor=2.0), dict(max_position_embeddings=16)),
    "rope_dynamic_short": ("llama2", "dynamic", dict(factor=2.0), {}),  # 40 of 128 positions: nothing is scaled yet
    "rope_yarn": ("llama2", "yarn", dict(factor=4.0, original_max_position_embeddings=16), {}),
    "rope_yarn_options": (
        "llama2",
        "yarn",
        dict(
            rope_theta=100.0,  # with these, all four frequencies of a head lie on the ramp
            factor=8.0,
            original_max_position_embeddings=64,
            beta_fast=4.0,
            beta_slow=0.25,
            attention_factor=1.25,
        ),
        {},
    ),
    "rope_yarn_mscale": (
        "llama2",
        "yarn",
        dict(
            rope_theta=100.0,
            factor=4.0,
            original_max_position_embeddings=32,
            mscale=1.0,
            mscale_all_dim=0.5,
            truncate=False,
        ),
        {},
    ),
    "mistral_no_window": ("mistral", None, {}, dict(sliding_window=None)),
    # Qwen2's windows start at a layer: the first layer sees everything, the second 12 tokens.
    "qwen2_window": (
        "qwen2",
        None,
        {},
        dict(
            use_sliding_window=True,
            sliding_window=12,
            max_window_layers=1,
            layer_types=["full_attention", "sliding_attention"],
        ),
    ),
}


def make() -> None:
    ids = random_ids(100, 2, T)
    for name in ["llama2", "llama3", "llama_bias", "mistral", "qwen2", "qwen3"]:
        model = load(name)
        rounded = load(name, torch.bfloat16)
        save_tensors(
            f"logits/{name}",
            {
                "ids": ids,
                "logits": logits(model, ids),
                "logits_bf16": logits(rounded, ids),
                "logits_rounded": logits(rounded.float(), ids),
            },
        )

    described = {}
    for variant, (name, kind, rope, others) in VARIANTS.items():
        config, legacy = dict(others), dict(others)
        if kind:
            rope = dict(rope_type=kind, rope_theta=10000.0) | rope
            config["rope_parameters"] = rope
            legacy["rope_theta"] = rope["rope_theta"]
            legacy["rope_scaling"] = {name: value for name, value in rope.items() if name != "rope_theta"}
        legacy.pop("layer_types", None)
        described[variant] = dict(model=name, config=config, legacy=legacy)
        save_tensors(f"logits/{variant}", {"ids": ids, "logits": logits(load(name, **config), ids)})
    save_json("logits/variants", described)


def logits(model, ids: torch.Tensor) -> torch.Tensor:
    """Logits [2, T, V] in the model's dtype."""
    with torch.no_grad():
        return model(input_ids=ids, use_cache=False).logits
