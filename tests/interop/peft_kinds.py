"""PEFT's side of peft_kinds_test.ts: makes an adapter of each kind, or says what it computes with ftx's adapters.

    python peft_kinds.py make PLACE     reads PLACE/kinds.json; writes PLACE/<base>/ and PLACE/<kind>/ with expected.json
    python peft_kinds.py check PLACE    reads PLACE/check.json, [base, adapter] pairs; writes PLACE/checked.json, their logits

A kind is {base, config, resize?, shift?, save?}: arguments of LoraConfig, a new size of the vocabulary, modules of the base
whose weights are changed without being saved as a model's (so that only the adapter's file has them), and arguments of
save_pretrained.
"""

import sys
from pathlib import Path

import peer
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

from make_adapter import train

SIZES = dict(
    vocab_size=96, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, initializer_range=0.2,
)
BASES = {
    "untied": lambda: LlamaForCausalLM(LlamaConfig(**SIZES, tie_word_embeddings=False)),
    "tied": lambda: LlamaForCausalLM(LlamaConfig(**SIZES, tie_word_embeddings=True)),
    "biased": lambda: Qwen2ForCausalLM(Qwen2Config(**SIZES, tie_word_embeddings=False)),
}
ROWS = [[3 + (i * 37) % 90 for i in range(17)], [5 + (i * 53) % 90 for i in range(9)]]


def make(place: Path) -> None:
    for name, build in BASES.items():
        torch.manual_seed(1)
        base = build()
        for key, weight in base.named_parameters():
            if key.endswith("bias"):
                torch.nn.init.normal_(weight)
        base.save_pretrained(place / name)
    for name, kind in peer.read_json(place / "kinds.json").items():
        make_kind(place, name, **kind)


def make_kind(place: Path, name: str, base: str, config: dict, resize=None, shift=(), save=None) -> None:
    torch.manual_seed(2)
    model = peer.load_base(str(place / base))
    if resize:
        model.resize_token_embeddings(resize, mean_resizing=False)
    for module in shift:
        model.get_submodule(module).weight.data += 0.1 * torch.randn_like(model.get_submodule(module).weight)
    tuned = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=2, **{"target_modules": ["q_proj"], **config}))
    train(tuned, torch.tensor([ROWS[0]]))
    tuned.save_pretrained(place / name, **(save or {}))
    peer.write_json(place / name / "expected.json", dict(logits=peer.logits_of(tuned, ROWS)))


def check(place: Path) -> None:
    answers = []
    for base, adapter in peer.read_json(place / "check.json"):
        model = peer.load_base(str(place / base))
        rows = peer.read_json(place / adapter / "rows.json")
        if rows != model.config.vocab_size:
            model.resize_token_embeddings(rows, mean_resizing=False)
        try:
            tuned = PeftModel.from_pretrained(model, place / adapter).eval()
            answers.append(peer.logits_of(tuned, ROWS))
        except Exception as error:  # the test says which adapter it was
            answers.append(f"{type(error).__name__}: {error}")
    peer.write_json(place / "checked.json", answers)


if __name__ == "__main__":
    peer.settle()
    {"make": make, "check": check}[sys.argv[1]](Path(sys.argv[2]))
