"""The peer's side of the benchmark: HF's Trainer, with PEFT for LoRA, on the CPU. Prints one JSON object.

    python bench/peer.py --model build/bench/bf16 --data build/bench/even.json --method lora --dtype bf16 --mode default

`--mode default` is what the peers' quick starts do: `from_pretrained`, `get_peft_model`, `TrainingArguments(bf16=True)`
where bf16 is asked for, everything else as it comes. For LoRA that means bf16 weights with fp32 adapters under
autocast, for full training fp32 weights under autocast.

`--mode equalised` turns every switch that was found to help on a CPU: fp32 products in oneDNN
(`set_float32_matmul_precision("medium")`), jemalloc or a glibc that keeps its pages, torch.compile for bf16 where all
rows are equally long, packs row by row, no logging, no pinning. Fused AdamW is the default already. Each switch can be
set by itself too. torch.compile works in the first three or four steps: `--warmup` must cover them.

Both take rows in the file's order, two a batch, and wrap around. Rows of several documents are laid end to end with
restarting positions, from which transformers makes a mask that keeps documents apart. Tokens are counted without
padding. Seconds of a step run from the end of the step before to its own end. Memory is VmHWM, reset when the model is
loaded.
"""

import argparse
import ctypes.util
import json
import os
import sys
import tempfile
import time
from pathlib import Path

Rows = list[dict]  # of a data file: {"documents": [{"input_ids", "labels"}]}


def read_arguments() -> argparse.Namespace:
    read = argparse.ArgumentParser(description="HF Trainer (+ PEFT) on a CPU: seconds and memory of training steps")
    read.add_argument("--model", required=True, help="folder of an HF model")
    read.add_argument("--data", required=True, help="file of make_model.py")
    read.add_argument("--method", choices=["lora", "full"], default="lora")
    read.add_argument("--dtype", choices=["bf16", "fp32"], default="fp32")
    read.add_argument("--mode", choices=["default", "equalised"], default="default")
    read.add_argument("--adapter", help="PEFT adapter to start from; default: a fresh one of rank 8")
    read.add_argument("--steps", type=int, default=16, help="measured optimizer steps")
    read.add_argument("--warmup", type=int, default=4, help="steps before measuring")
    read.add_argument("--batch", type=int, default=2, help="rows a batch")
    read.add_argument("--threads", type=int, default=2)
    read.add_argument("--learning-rate", type=float, default=1e-4)
    switch = read.add_argument_group("single switches; the mode decides where they are not given")
    switch.add_argument("--precision", choices=["highest", "high", "medium"], help="torch's fp32 matmul precision")
    switch.add_argument("--loss", choices=["trainer", "trl"], help="trl: its fused head, which never holds all logits")
    switch.add_argument("--malloc", choices=["plain", "kept", "jemalloc"], help="the last two keep freed pages")
    switch.add_argument("--autocast", choices=["yes", "no"], help="TrainingArguments(bf16=...)")
    switch.add_argument("--adapter-dtype", choices=["fp32", "bf16"], help="PEFT's autocast_adapter_dtype")
    switch.add_argument("--pack", choices=["flat", "rows"], help="a batch of packs as one row, or row by row")
    switch.add_argument("--compile", choices=["yes", "no"], help="TrainingArguments(torch_compile=...)")
    read.add_argument("--json", help="file to write instead of printing")
    args = read.parse_args()

    equal = args.mode == "equalised"
    args.precision = args.precision or ("medium" if equal else "highest")
    args.loss = args.loss or "trainer"  # TRL's costs more on a CPU: it works in fp32 and on every position
    args.malloc = args.malloc or ("plain" if not equal else "jemalloc" if jemalloc() else "kept")
    args.pack = args.pack or ("rows" if equal else "flat")
    # A bf16 LoRA model needs no autocast; without it the adapters' small products are in fp32, which costs no time.
    args.autocast = args.autocast or ("yes" if args.dtype == "bf16" and not (equal and args.method == "lora") else "no")
    args.adapter_dtype = args.adapter_dtype or "fp32"
    return args


def main() -> None:
    args = read_arguments()
    wanted = allocator(args.malloc)
    if any(os.environ.get(name) != value for name, value in wanted.items()):  # read only when a process starts
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | wanted)
    os.environ.update(OMP_NUM_THREADS=str(args.threads), HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    result = json.dumps(measure(args))
    if args.json:
        Path(args.json).write_text(result + "\n")
    else:
        print(result)


def allocator(kind: str) -> dict[str, str]:
    """The environment in which a process keeps the pages that it frees."""
    if kind == "kept":  # glibc: nothing is mapped by itself, nothing is trimmed
        return dict(
            MALLOC_MMAP_THRESHOLD_=str(4 << 30), MALLOC_TRIM_THRESHOLD_=str(8 << 30), MALLOC_TOP_PAD_=str(256 << 20)
        )
    if kind == "jemalloc":
        library = jemalloc() or sys.exit("Cannot use jemalloc: it is not found; name its file in the variable JEMALLOC")
        return dict(LD_PRELOAD=library, MALLOC_CONF="dirty_decay_ms:-1,muzzy_decay_ms:-1")
    return {}


def jemalloc() -> str | None:
    """The library, as the variable JEMALLOC names it or as the system has it (Debian: libjemalloc2)."""
    return os.environ.get("JEMALLOC") or ctypes.util.find_library("jemalloc")


def measure(args: argparse.Namespace) -> dict:
    began = time.perf_counter()
    import accelerate
    import peft
    import torch
    import transformers

    imported = time.perf_counter() - began
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(args.threads)
    torch.set_float32_matmul_precision(args.precision)

    rows: Rows = json.loads(Path(args.data).read_text())["rows"]
    if args.compile is None:  # fp32 gains nothing by it, and every new shape is compiled anew
        gains = args.mode == "equalised" and args.dtype == "bf16" and len({length_of(row) for row in rows}) == 1
        args.compile = "yes" if gains else "no"
    ends: list[tuple[float, float]] = []
    losses: list[torch.Tensor] = []
    with tempfile.TemporaryDirectory() as folder:
        trainer = make_trainer(args, rows, folder, ends, losses)
        loaded = memory("VmRSS")
        reset_peak()
        trainer.train()

    batches = [rows[n : n + args.batch] for n in range(0, len(rows), args.batch)]
    measured = [batches[step % len(batches)] for step in range(args.warmup, args.warmup + args.steps)]
    seconds, cpu = zip(*((b[0] - a[0], b[1] - a[1]) for a, b in zip(ends[args.warmup :], ends[args.warmup + 1 :])))
    tokens = sum(length_of(row) for batch in measured for row in batch)
    return dict(
        **{name: value for name, value in vars(args).items() if name != "json"},
        versions={part.__name__: part.__version__ for part in (torch, transformers, peft, accelerate)},
        tokens_per_second=tokens / sum(seconds),
        tokens=tokens,
        median_step_seconds=sorted(seconds)[len(seconds) // 2],
        step_seconds=[round(s, 5) for s in seconds],
        losses=[loss.item() for loss in losses],
        warmup_seconds=ends[args.warmup][0] - ends[0][0],
        peak_bytes=memory("VmHWM"),
        loaded_bytes=loaded,
        median_step_cpu_seconds=sorted(cpu)[len(cpu) // 2],
        import_seconds=imported,
    )


def length_of(row: dict) -> int:
    return sum(len(document["input_ids"]) for document in row["documents"])


def make_trainer(args: argparse.Namespace, rows: Rows, folder: str, ends: list[tuple[float, float]], losses: list):
    """A Trainer that notes when each step ended, on the clock and in processor time, and its loss. The first entry of
    `ends` is when training began."""
    from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

    class Clock(TrainerCallback):
        def on_train_begin(self, *_, **__):
            ends.append((time.perf_counter(), time.process_time()))

        on_step_end = on_train_begin

    class Noted(Trainer):
        def training_step(self, *inputs, **options):
            losses.append(super().training_step(*inputs, **options))
            return losses[-1]

        def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
            if args.loss == "trainer":
                return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
            return -model(**inputs, fused_lm_head=True).log_probs.sum() / num_items_in_batch

    equal = args.mode == "equalised"
    trainer = Noted(
        model=prepare_model(args),
        args=TrainingArguments(
            output_dir=folder,
            max_steps=args.warmup + args.steps,
            per_device_train_batch_size=args.batch,
            learning_rate=args.learning_rate,
            lr_scheduler_type="constant",
            bf16=args.autocast == "yes",
            torch_compile=args.compile == "yes",
            train_sampling_strategy="sequential",
            save_strategy="no",
            report_to="none",
            use_cpu=True,
            disable_tqdm=True,
            remove_unused_columns=False,
            **(dict(logging_strategy="no", dataloader_pin_memory=False) if equal else {}),
        ),
        train_dataset=rows,
        data_collator=lambda batch: collate(batch, args.pack),
        callbacks=[Clock()],
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def prepare_model(args: argparse.Namespace):
    """As the quick starts do: weights in the dtype of the file, adapters on top."""
    import torch
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(args.model)
    if args.loss == "trl":
        from trl.trainer.utils import add_fused_lm_head

        add_fused_lm_head(model)
    if args.method == "full":
        return model
    upcast = args.adapter_dtype == "fp32"
    if args.adapter:
        return PeftModel.from_pretrained(model, args.adapter, is_trainable=True, autocast_adapter_dtype=upcast)
    torch.manual_seed(0)
    config = LoraConfig(task_type="CAUSAL_LM", r=8, lora_alpha=16, target_modules="all-linear")
    return get_peft_model(model, config, autocast_adapter_dtype=upcast)


def collate(rows: Rows, pack: str) -> dict:
    """Padded on the right with a mask where every row is one document, else documents end to end with positions."""
    import torch

    if all(len(row["documents"]) == 1 for row in rows):
        documents = [row["documents"][0] for row in rows]
        longest = max(len(document["input_ids"]) for document in documents)
        pad = lambda values, filler: values + [filler] * (longest - len(values))
        return dict(
            input_ids=torch.tensor([pad(document["input_ids"], 0) for document in documents]),
            attention_mask=torch.tensor([pad([1] * len(document["input_ids"]), 0) for document in documents]),
            labels=torch.tensor([pad(document["labels"], -100) for document in documents]),
        )
    packs = [[d for row in rows for d in row["documents"]]] if pack == "flat" else [row["documents"] for row in rows]
    longest = max(sum(len(document["input_ids"]) for document in documents) for documents in packs)
    made: dict[str, list] = dict(input_ids=[], position_ids=[], labels=[])
    for documents in packs:
        rest = longest - sum(len(document["input_ids"]) for document in documents)
        filled = documents + ([dict(input_ids=[0] * rest, labels=[-100] * rest)] if rest else [])
        made["input_ids"].append([i for document in filled for i in document["input_ids"]])
        made["position_ids"].append([p for document in filled for p in range(len(document["input_ids"]))])
        # The first token of a document is nothing that the document before should predict.
        made["labels"].append([i for document in filled for i in [-100, *document["labels"][1:]]])
    return {name: torch.tensor(values) for name, values in made.items()}


def memory(field: str) -> int:
    """Bytes of this process: VmRSS now, VmHWM at most."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def reset_peak() -> None:
    """Makes VmHWM count from here."""
    Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    main()
