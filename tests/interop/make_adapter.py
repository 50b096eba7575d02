"""PEFT makes a LoRA adapter and trains it for some steps; ftx then loads it.

    python make_adapter.py BASE OUT [CONFIG.json]

CONFIG.json holds arguments of LoraConfig (default: rank 8, alpha 16, every linear layer). OUT becomes the adapter's
folder, as `save_pretrained` writes it, and OUT/expected.json gets `ids` (rows), and `logits` and `merged`
[row][position][token] of base and adapter.
"""

import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model

import peer

STEPS = 5


def main(base: str, out: str, config: str | None = None) -> None:
    peer.settle()
    torch.manual_seed(0)
    settings = peer.read_json(config) if config else dict(r=8, lora_alpha=16, target_modules="all-linear")
    model = get_peft_model(peer.load_base(base), LoraConfig(task_type="CAUSAL_LM", **settings))
    ids = torch.randint(3, model.config.vocab_size, (2, 24))
    train(model, ids)
    model.save_pretrained(out)
    rows = ids.tolist()
    logits = peer.logits_of(model, rows)
    merged = peer.logits_of(model.merge_and_unload(safe_merge=True), rows)
    peer.write_json(Path(out) / "expected.json", dict(ids=rows, logits=logits, merged=merged))


def train(model, ids: torch.Tensor) -> None:
    """A large rate, so that few steps show in the logits."""
    optimizer = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=1e-2)
    model.train()
    for _ in range(STEPS):
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.eval()


if __name__ == "__main__":
    main(*sys.argv[1:])
