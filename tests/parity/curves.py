"""Thirty steps of HF's Trainer, with PEFT for LoRA: `fixtures/curves/<run>.json`.

All runs start from the model "llama2" and read `fixtures/curves/rows.json`: rows of 6 to 40 tokens whose labels (not
yet shifted) are -100 on the prompt. 21 rows in batches of 2 are 11 micro-batches an epoch, the last of one row, and
with accumulation 4 windows of 4, 4 and 3. LoRA starts from the adapter `fixtures/curves/lora_start`, which PEFT made.

A run holds `settings` (in HF's names), `order` (rows of each micro-batch, in the order in which they were taken),
`steps` (`loss`, `learning_rate`, and `grad_norm` before clipping, all as the Trainer computed them, unrounded), `evals`
(`eval_loss` after certain steps) and `weights`: for every trained weight the norm of where it ended and of how far it
went. The runs in bf16 are for a loose check: their losses depend on how each operator rounds.
"""

import tempfile

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import PreTrainedModel, PrinterCallback, Trainer, TrainingArguments

from adapters import LINEAR, save_adapter
from peers import FIXTURES, VOCABULARY, load, save_json

STEPS = 30
STEP = ("loss", "learning_rate", "grad_norm")
SHARED = dict(
    max_steps=STEPS,
    per_device_train_batch_size=2,
    per_device_eval_batch_size=4,
    learning_rate=1e-3,
    lr_scheduler_type="cosine",
    warmup_steps=5,
    weight_decay=0.01,
    max_grad_norm=1.2,  # without accumulation every step is clipped, with it some are
    optim="adamw_torch",
    seed=42,
)
LORA = dict(r=8, lora_alpha=16, lora_dropout=0.0, target_modules=LINEAR)

# run: (finetuning type, settings beyond the shared ones, dtype of the loaded model)
RUNS = {
    "full": ("full", dict(gradient_accumulation_steps=1, eval_strategy="steps", eval_steps=10), torch.float32),
    "full_accumulated": ("full", dict(gradient_accumulation_steps=4), torch.float32),
    "freeze": ("freeze", dict(gradient_accumulation_steps=1), torch.float32),
    "freeze_accumulated": ("freeze", dict(gradient_accumulation_steps=4), torch.float32),
    "lora": ("lora", dict(gradient_accumulation_steps=1, eval_strategy="steps", eval_steps=10), torch.float32),
    "lora_accumulated": ("lora", dict(gradient_accumulation_steps=4), torch.float32),
    "unclipped": ("full", dict(gradient_accumulation_steps=1, max_grad_norm=1e9), torch.float32),
    "label_smoothing": ("full", dict(gradient_accumulation_steps=1, label_smoothing_factor=0.1), torch.float32),
    "label_smoothing_accumulated": (
        "lora",
        dict(gradient_accumulation_steps=4, label_smoothing_factor=0.1),
        torch.float32,
    ),
    "full_bf16": ("full", dict(gradient_accumulation_steps=1, bf16=True), torch.float32),  # fp32 weights, autocast
    "lora_bf16": ("lora", dict(gradient_accumulation_steps=1, bf16=True), torch.bfloat16),  # bf16 base, fp32 adapter
}


def make() -> None:
    rows = dict(train=make_rows(21, seed=700), eval=make_rows(7, seed=701))
    save_json("curves/rows", rows)
    torch.manual_seed(702)
    start = get_peft_model(load("llama2"), LoraConfig(task_type="CAUSAL_LM", **LORA))
    save_adapter(start, "curves/lora_start", "llama2")
    for name, (kind, settings, dtype) in RUNS.items():
        save_json(f"curves/{name}", run(rows, kind, settings, dtype))


def make_rows(count: int, seed: int) -> list[dict]:
    """Sequences with something to learn: mostly the next id follows from the last one, now and then it is any."""
    noise = torch.Generator().manual_seed(seed)
    draw = lambda low, high: int(torch.randint(low, high, (), generator=noise))
    rows = []
    for _ in range(count):
        ids = [draw(3, VOCABULARY)]
        for _ in range(draw(5, 40)):
            ids.append(draw(3, VOCABULARY) if draw(0, 5) == 0 else 3 + (ids[-1] * 7 + 11) % (VOCABULARY - 3))
        prompt = draw(1, max(2, len(ids) // 2))
        rows.append(dict(input_ids=ids, labels=[-100] * prompt + ids[prompt:]))
    return rows


def run(rows: dict, kind: str, settings: dict, dtype: torch.dtype) -> dict:
    model = prepare(kind, dtype)
    start = {name: weight.detach().clone() for name, weight in model.named_parameters() if weight.requires_grad}
    order: list[list[int]] = []
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            model=model,
            args=TrainingArguments(
                output_dir=folder,
                **SHARED | settings,
                logging_steps=1,
                save_strategy="no",
                report_to="none",
                use_cpu=True,
                disable_tqdm=True,
                remove_unused_columns=False,
            ),
            train_dataset=[dict(row, index=n) for n, row in enumerate(rows["train"])],
            eval_dataset=rows["eval"],
            data_collator=lambda batch: collate(batch, order),
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    history = trainer.state.log_history
    taken = micro_batches(settings["gradient_accumulation_steps"], len(trainer.get_train_dataloader()))
    return dict(
        finetuning_type=kind,
        dtype=str(dtype).removeprefix("torch."),
        settings=SHARED | settings,
        order=order[:taken],  # the loader reads ahead; what it read beyond the last step was not used
        steps=[{name: entry[name] for name in STEP} for entry in history if "loss" in entry],
        evals=[dict(step=entry["step"], eval_loss=entry["eval_loss"]) for entry in history if "eval_loss" in entry],
        weights={
            plain(name): dict(norm=norm(weight), moved=norm(weight.double() - start[name].double()))
            for name, weight in model.named_parameters()
            if weight.requires_grad
        },
    )


def prepare(kind: str, dtype: torch.dtype) -> PreTrainedModel | PeftModel:
    model = load("llama2", dtype)
    if kind == "lora":
        return PeftModel.from_pretrained(model, FIXTURES / "curves" / "lora_start", is_trainable=True)
    if kind == "freeze":  # as LLaMA-Factory with freeze_trainable_layers = 2: all of the last two layers, nothing else
        for name, weight in model.named_parameters():
            weight.requires_grad = name.startswith(("model.layers.1.", "model.layers.2."))
    return model


def collate(batch: list[dict], order: list[list[int]]) -> dict[str, torch.Tensor]:
    """Pads on the right; notes which rows a training batch took."""
    if "index" in batch[0]:
        order.append([row["index"] for row in batch])
    longest = max(len(row["input_ids"]) for row in batch)
    pad = lambda values, filler: values + [filler] * (longest - len(values))
    return dict(
        input_ids=torch.tensor([pad(row["input_ids"], 0) for row in batch]),
        attention_mask=torch.tensor([pad([1] * len(row["input_ids"]), 0) for row in batch]),
        labels=torch.tensor([pad(row["labels"], -100) for row in batch]),
    )


def micro_batches(accumulate: int, per_epoch: int) -> int:
    """How many micro-batches thirty steps take when an epoch ends with a window that is not full."""
    windows = -(-per_epoch // accumulate)
    epochs, rest = divmod(STEPS, windows)
    return epochs * per_epoch + rest * accumulate


def plain(name: str) -> str:
    """The name that a weight has in a checkpoint or an adapter file."""
    return name.replace(".default.weight", ".weight")


def norm(weight: torch.Tensor) -> float:
    return weight.detach().double().norm().item()
