"""LoRA adapters that PEFT wrote, and what a model computes with them: `fixtures/adapters/<name>/`.

Each folder holds PEFT's adapter_config.json and adapter_model.safetensors. `fixtures/adapters/<name>.safetensors`
holds `ids` [2, T], `logits` of base and adapter, and `logits_merged` of the model that `merge_and_unload` gives.
No B is zero, so every adapter changes the logits. `fixtures/adapters/bases.json` says whose adapter each is.
"""

import shutil

import torch
from peft import LoraConfig, get_peft_model

from logits import logits
from peers import FIXTURES, load, random_ids, save_json, save_tensors

LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

ADAPTERS = {
    "plain": ("llama2", dict(r=8, lora_alpha=16, target_modules="all-linear")),
    "grouped_heads": ("llama3", dict(r=4, lora_alpha=4, target_modules=LINEAR)),
    "attention_only": ("qwen3", dict(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"])),
    "patterns": (
        "llama2",
        dict(
            r=4,
            lora_alpha=8,
            target_modules=LINEAR,
            # A name by itself, one layer of a name, and a regular expression.
            rank_pattern={"down_proj": 6, "layers.1.self_attn.q_proj": 2, r"layers\.[02]\.mlp\.up_proj": 3},
            alpha_pattern={"down_proj": 3, "layers.1.self_attn.q_proj": 5},
        ),
    ),
    "rslora": ("llama2", dict(r=4, lora_alpha=8, target_modules=LINEAR, use_rslora=True)),
    "modules_to_save": (
        "llama2",
        dict(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], modules_to_save=["embed_tokens", "lm_head"]),
    ),
    "one_layer": ("llama2", dict(r=4, lora_alpha=8, target_modules=LINEAR, layers_to_transform=[1])),
    "regex": ("llama2", dict(r=4, lora_alpha=8, target_modules=r".*\.layers\.[12]\..*\.(gate|up)_proj")),
    "head": ("llama2", dict(r=4, lora_alpha=8, target_modules=["o_proj", "lm_head"])),
    "embedding": ("llama2", dict(r=4, lora_alpha=8, target_modules=["q_proj", "embed_tokens"])),
    "bias": ("llama_bias", dict(r=4, lora_alpha=8, target_modules=LINEAR)),
}


def make() -> None:
    ids = random_ids(400, 2, 24)
    for seed, (name, (base, settings)) in enumerate(ADAPTERS.items()):
        torch.manual_seed(seed)
        model = get_peft_model(load(base), LoraConfig(task_type="CAUSAL_LM", **settings)).eval()
        fill(model, seed)
        save_adapter(model, f"adapters/{name}", base)
        made = {"ids": ids, "logits": logits(model, ids)}
        made["logits_merged"] = logits(model.merge_and_unload(safe_merge=True), ids)
        save_tensors(f"adapters/{name}", made)
    save_json("adapters/bases", {name: base for name, (base, _) in ADAPTERS.items()})


def fill(model, seed: int) -> None:
    """Random values for all that an adapter holds: A, B and the modules that are saved whole."""
    noise = torch.Generator().manual_seed(500 + seed)
    with torch.no_grad():
        for _, weight in model.named_parameters():
            if weight.requires_grad:
                weight.add_(0.1 * torch.randn(weight.shape, generator=noise))


def save_adapter(model, path: str, base: str) -> None:
    """PEFT's own files, with the base named by its fixture and without the model card."""
    folder = FIXTURES / path
    shutil.rmtree(folder, ignore_errors=True)
    for config in model.peft_config.values():
        config.base_model_name_or_path = base
        if isinstance(config.target_modules, set):  # sets are written in an arbitrary order
            config.target_modules = sorted(config.target_modules)
    model.save_pretrained(folder)
    (folder / "README.md").unlink()
