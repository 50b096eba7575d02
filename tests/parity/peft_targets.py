"""Which modules PEFT gives a LoRA branch, with which rank and alpha -> fixtures/peft_targets.json."""

import peft
import torch
from peft import LoraConfig, get_peft_model
from peft.tuners.lora import LoraLayer
from peft.utils.other import ModulesToSaveWrapper
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

import peers

FULL = "model.layers.1.self_attn.q_proj"
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
CASES = [
    dict(target_modules=None),
    dict(target_modules=["q_proj"]),
    dict(target_modules=["q_proj", "nowhere"]),
    dict(target_modules=["proj"]),
    dict(target_modules=["self_attn.q_proj", "mlp.up_proj"]),
    dict(target_modules=["0.mlp.up_proj"]),
    dict(target_modules=[FULL]),
    dict(target_modules=["lm_head", "q_proj"]),
    dict(target_modules=["embed_tokens", "down_proj"]),
    dict(target_modules=["self_attn"]),
    dict(target_modules=["norm"]),
    dict(target_modules=[]),
    dict(target_modules="q_proj"),
    dict(target_modules=r".*\.q_proj"),
    dict(target_modules=r"model\.layers\.[02]\..*\.(q|v)_proj"),
    dict(target_modules=r".*layers\.(?P<n>\d)\.mlp\.(up|down)_proj\Z"),
    dict(target_modules=r"(?i).*\.Q_PROJ"),
    dict(target_modules="all-linear"),
    dict(target_modules="All-Linear"),
    dict(target_modules="all-linear", exclude_modules=["o_proj"]),
    dict(target_modules="all-linear", exclude_modules=r".*\.mlp\..*"),
    dict(target_modules="all-linear", modules_to_save=["lm_head"]),
    dict(target_modules="all-linear", modules_to_save=["mlp"]),
    dict(target_modules="all-linear", exclude_modules=["nowhere"]),
    dict(target_modules=["q_proj"], exclude_modules=["q_proj"]),
    dict(target_modules=["q_proj", "v_proj"], exclude_modules=[FULL, "3.self_attn.v_proj"]),
    dict(target_modules=["q_proj"], modules_to_save=["embed_tokens", "head"]),
    dict(target_modules=["lm_head"], modules_to_save=["lm_head"]),
    dict(target_modules=["q_proj"], layers_to_transform=1),
    dict(target_modules=["q_proj"], layers_to_transform=[0, 3]),
    dict(target_modules=["q_proj"], layers_to_transform=[]),
    dict(target_modules=["q_proj"], layers_to_transform=[9]),
    dict(target_modules=["q_proj", "lm_head"], layers_to_transform=[1]),
    dict(target_modules=[FULL], layers_to_transform=[3]),
    dict(target_modules=["q_proj"], layers_to_transform=[1], layers_pattern="layers"),
    dict(target_modules=["q_proj"], layers_to_transform=[1], layers_pattern=["blocks", "layers"]),
    dict(target_modules=["q_proj"], layers_to_transform=[1], layers_pattern="blocks"),
    dict(target_modules=["q_proj"], layers_to_transform=[1], layers_pattern="model.layers"),
    dict(target_modules=["q_proj", "v_proj"], rank_pattern={"q_proj": 2}),
    dict(target_modules=["q_proj", "v_proj"], rank_pattern={FULL: 3, "q_proj": 2}, alpha_pattern={"v_proj": 5}),
    dict(target_modules=["q_proj", "v_proj"], rank_pattern={"q_proj": 2, FULL: 3}),
    dict(target_modules=["q_proj", "v_proj"], rank_pattern={"^" + FULL: 3, "^q_proj": 7}),
    dict(target_modules=["q_proj", "v_proj"], rank_pattern={r".*layers\.[12]\..*": 3}, alpha_pattern={"q_proj|v_proj": 4}),
    dict(target_modules=["q_proj", "v_proj"], rank_pattern={"proj": 3, "nowhere": 4}),
    dict(target_modules=["q_proj"], use_rslora=True, r=9, lora_alpha=6),
    dict(target_modules=[f"model.layers.{i}.self_attn.{p}" for i in range(4) for p in PROJECTIONS[:4]]
         + [f"model.layers.{i}.mlp.{p}" for i in range(4) for p in PROJECTIONS[4:6]]),
    dict(target_modules=[f"model.layers.{i}.mlp.{p}" for i in (0, 1, 3) for p in PROJECTIONS[4:]]
         + [f"model.layers.{i}.self_attn.{p}" for i in range(4) for p in PROJECTIONS[:3]]),
    dict(target_modules=[f"{i}.self_attn.{p}" for i in (0, 1, 2) for p in PROJECTIONS[:4]]
         + [f"{i}.mlp.{p}" for i in (0, 1, 2) for p in PROJECTIONS[4:]]),
]


def build(family):
    small = dict(vocab_size=64, hidden_size=32, intermediate_size=32, num_hidden_layers=4, num_attention_heads=2)
    with torch.device("meta"):
        return LlamaForCausalLM(LlamaConfig(**small)) if family == "llama" else Qwen2ForCausalLM(Qwen2Config(**small))


def kind(module):
    return "linear" if isinstance(module, torch.nn.Linear) else \
        "embedding" if isinstance(module, torch.nn.Embedding) else "other"


def case(family, settings):
    model = build(family)
    places = {name: i for i, (name, _) in enumerate(model.named_modules())}
    try:
        tuned = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **settings))
    except ValueError:
        return {"family": family, "settings": settings, "refused": True}
    branches, saved = [], []
    for name, module in tuned.base_model.model.named_modules():
        if isinstance(module, LoraLayer):
            branches.append([places[name], module.r["default"], module.lora_alpha["default"], module.scaling["default"]])
        if isinstance(module, ModulesToSaveWrapper):
            saved.append(places[name])
    targets = tuned.peft_config["default"].target_modules
    written = targets if isinstance(targets, str) else sorted(targets)
    return {"family": family, "settings": settings, "branches": branches, "saved": saved, "written": written}


def make():
    peers.settle()
    peers.save_json("peft_targets", {
        "made by": {"peft": peft.__version__},
        "modules": [[name, kind(module)] for name, module in build("llama").named_modules()],
        "cases": [case("llama", settings) for settings in CASES] + [case("qwen2", dict(target_modules=None))],
    })


if __name__ == "__main__":
    make()
