"""The peers' side of a cell: transformers' model and PEFT's LoRA in a plain loop with fused AdamW. Prints one JSON object.

    python bench/gpu/peer.py --cell cell.json --device cuda

`cell.json` is written by main.ts: the model's config, the method and the documents' lengths. Rows are laid end to end
without padding, with positions that restart at each document: flash attention where flash_attn is installed (documents
stay apart by their positions), else SDPA, for which transformers makes a mask of blocks from the same positions.
"""

import argparse
import importlib.util
import json
import time
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM


def main() -> None:
    read = argparse.ArgumentParser(description="transformers + PEFT: seconds and memory of training steps")
    read.add_argument("--cell", required=True)
    read.add_argument("--device", default="cuda")
    read.add_argument("--steps", type=int, default=30)
    read.add_argument("--warmup", type=int, default=10)
    args = read.parse_args()
    try:
        print(json.dumps(measure(args, json.loads(Path(args.cell).read_text()))))
    except torch.OutOfMemoryError:
        print(json.dumps({"fits": False}))


def measure(args: argparse.Namespace, cell: dict) -> dict:
    gpu = args.device.startswith("cuda")
    torch.manual_seed(42)
    flash = gpu and importlib.util.find_spec("flash_attn") is not None
    config = LlamaConfig(**cell["config"], attn_implementation="flash_attention_2" if flash else "sdpa")
    model = make_model(config, cell, args.device)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.0, fused=True)
    batch = make_batch(cell, args.device)
    if gpu:
        torch.cuda.reset_peak_memory_stats()

    losses, seconds, began = [], [], 0.0
    for step in range(args.warmup + args.steps):
        if step == args.warmup:
            wait(gpu)
            began = time.perf_counter()
        at = time.perf_counter()
        loss = model(**batch, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        if step >= args.warmup:
            seconds.append(time.perf_counter() - at)
    wait(gpu)
    tokens = args.steps * sum(map(sum, cell["lengths"]))
    return dict(
        fits=True,
        attention=config._attn_implementation,
        versions={"torch": torch.__version__},
        tokens_per_second=tokens / (time.perf_counter() - began),
        step_seconds=seconds,
        losses=losses,
        peak_bytes=torch.cuda.max_memory_allocated() if gpu else 0,
    )


def make_model(config: LlamaConfig, cell: dict, device: str) -> torch.nn.Module:
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        model = LlamaForCausalLM(config)
    torch.set_default_dtype(torch.float32)
    model.train()
    if cell["checkpointing"]:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    if cell["method"] == "lora":
        from peft import LoraConfig, get_peft_model

        lora = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
        model = get_peft_model(model, lora)
    return model


def make_batch(cell: dict, device: str) -> dict:
    vocabulary, ids, positions, labels = cell["config"]["vocab_size"], [], [], []
    for r, lengths in enumerate(cell["lengths"]):
        row = [(7919 * i + 104729 * r) % vocabulary for i in range(sum(lengths))]
        start = 0
        for length in lengths:
            positions += range(length)
            labels += [-100, *row[start + 1 : start + length]]  # the model shifts them by one
            start += length
        ids += row
    numbers = dict(input_ids=ids, position_ids=positions, labels=labels)
    return {name: torch.tensor([values], device=device) for name, values in numbers.items()}


def wait(gpu: bool) -> None:
    if gpu:
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
