"""The orders in which HF's Trainer visits rows, and TRL's packs -> fixtures/data.json."""

import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainingArguments
from transformers.trainer_pt_utils import get_length_grouped_indices
from trl.data_utils import pack_dataset
from datasets import Dataset

import peers


class Rows(torch.utils.data.Dataset):
    """Remembers which rows were asked for."""

    def __init__(self, count):
        self.count, self.seen = count, []

    def __len__(self):
        return self.count

    def __getitem__(self, row):
        self.seen.append(int(row))
        return {"input_ids": torch.tensor([1, 2, 3]), "labels": torch.tensor([1, 2, 3])}


def trained(count, seed, data_seed, batch, epochs=3):
    """The rows that a Trainer took, epoch after epoch."""
    config = LlamaConfig(vocab_size=8, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1)
    rows = Rows(count)
    args = TrainingArguments(
        "/tmp/ftx-order", per_device_train_batch_size=batch, num_train_epochs=epochs, seed=seed, data_seed=data_seed,
        report_to=[], save_strategy="no", disable_tqdm=True, use_cpu=True,
    )
    Trainer(model=LlamaForCausalLM(config), args=args, train_dataset=rows).train()
    return {"rows": count, "seed": seed, "dataSeed": data_seed, "batch": batch, "order": rows.seen}


def permutation(count, seed):
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    return {"rows": count, "seed": seed, "head": order[:12].tolist(), "tail": order[-12:].tolist()}


def grouped(lengths, batch, seed):
    order = get_length_grouped_indices(lengths, batch, generator=torch.Generator().manual_seed(seed))
    return {"lengths": lengths, "batch": batch, "seed": seed, "order": [int(i) for i in order]}


def packed(lengths, capacity):
    """TRL's best fit decreasing; each row's ids are its own number, so that packs tell who is in them."""
    rows = Dataset.from_dict({"input_ids": [[i] * n for i, n in enumerate(lengths)]})
    packs = pack_dataset(rows, capacity, "bfd", map_kwargs={"batch_size": len(lengths)})
    return {"lengths": lengths, "capacity": capacity, "packs": [list(dict.fromkeys(row)) for row in packs["input_ids"]]}


def make():
    peers.settle()
    draw = torch.Generator().manual_seed(3)
    lengths = lambda n, high: torch.randint(1, high, (n,), generator=draw).tolist()
    peers.save_json("data", {
        "made by": {"transformers": transformers.__version__, "torch": torch.__version__},
        "trained": [trained(7, 42, None, 2), trained(10, 7, None, 3), trained(7, 42, 3, 2), trained(1, 5, None, 4)],
        "permutations": [permutation(n, s) for n, s in ((1000, 42), (70001, 0), (12345, 2**31 + 5), (4097, 2**32 + 42))],
        "grouped": [grouped(lengths(n, 40), b, s) for n, b, s in ((5, 2, 1), (37, 4, 42), (200, 8, 7), (1000, 2, 3))],
        "packed": [packed(lengths(n, high), c) for n, high, c in ((12, 9, 8), (60, 30, 32), (300, 100, 128))],
    })


if __name__ == "__main__":
    make()
