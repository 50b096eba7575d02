"""Learning rates of transformers' schedules, step by step -> fixtures/schedules.json."""

import random

import torch
import transformers
from transformers import TrainingArguments, get_scheduler

import peers

LR = 2e-4

STEPS = [
    ("linear", {}),
    ("cosine", {}),
    ("cosine", {"num_cycles": 1.25}),
    ("cosine_with_restarts", {}),
    ("cosine_with_restarts", {"num_cycles": 3}),
    ("polynomial", {}),
    ("polynomial", {"lr_end": 1e-5, "power": 2.5}),
    ("constant", {}),
    ("constant_with_warmup", {}),
    ("inverse_sqrt", {}),
    ("inverse_sqrt", {"timescale": 7}),
    ("cosine_with_min_lr", {"min_lr": 3e-5}),
    ("cosine_with_min_lr", {"min_lr_rate": 0.1, "num_cycles": 0.75}),
    ("cosine_warmup_with_min_lr", {"min_lr": 3e-5}),
    ("cosine_warmup_with_min_lr", {"min_lr_rate": 0.1, "warmup_lr_rate": 0.2, "num_cycles": 0.6}),
    ("warmup_stable_decay", {"num_decay_steps": 6}),
    ("warmup_stable_decay", {"num_decay_steps": 5, "decay_type": "linear", "warmup_type": "cosine", "min_lr_ratio": 0.1}),
    ("warmup_stable_decay", {"num_decay_steps": 5, "num_stable_steps": 3, "decay_type": "1-sqrt", "warmup_type": "1-sqrt"}),
    ("warmup_stable_decay", {"num_decay_steps": 7, "num_cycles": 0.8, "min_lr_ratio": 0.05}),
]

METRICS = [
    ("reduce_lr_on_plateau", {"patience": 0}),
    ("reduce_lr_on_plateau", {"patience": 1, "factor": 0.5, "cooldown": 2}),
    ("reduce_lr_on_plateau", {"patience": 1, "factor": 0.3, "min_lr": 5e-5, "threshold": 0.1, "threshold_mode": "abs"}),
    ("reduce_lr_on_plateau", {"patience": 1, "mode": "max", "threshold": 0.01}),
    ("reduce_lr_on_plateau", {"patience": 0, "mode": "max", "threshold_mode": "abs", "factor": 0.9}),
    ("greedy", {}),
    ("greedy", {"patience": 0, "factor": 0.8, "min_lr": 1e-5, "max_lr": 3e-4}),
    ("greedy", {"patience": 1, "factor": 0.5, "min_lr": 5e-5, "cooldown": 1, "warmup": 1, "reset_start": 2}),
    ("greedy", {"patience": 0, "factor": 0.7, "min_lr": 9e-5, "reset_start": 2, "mode": "max", "threshold_mode": "rel"}),
    ("greedy", {"patience": 0, "factor": 0.9, "min_lr": 1e-5, "smooth": True, "window_size": 3, "eps": 1e-7}),
]


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LR)


def by_step(name, warmup, total, kwargs):
    """The rate of each step, a few beyond the end among them."""
    opt = optimizer()
    made = get_scheduler(name, opt, warmup, total, scheduler_specific_kwargs=kwargs)
    rates = []
    for _ in range(total + 3):
        rates.append(opt.param_groups[0]["lr"])
        opt.step()
        made.step()
    return {"name": name, "warmup": warmup, "total": total, "kwargs": kwargs, "rates": rates}


def by_metric(name, kwargs, metrics):
    """The rate after each metric."""
    opt = optimizer()
    made = get_scheduler(name, opt, scheduler_specific_kwargs=kwargs)
    rates = []
    for metric in metrics:
        made.step(metric)
        rates.append(opt.param_groups[0]["lr"])
    return {"name": name, "kwargs": kwargs, "metrics": metrics, "rates": rates}


def warmup(asked, total):
    steps = TrainingArguments("unused", warmup_steps=asked, report_to="none").get_warmup_steps(total)
    return {"asked": asked, "total": total, "steps": steps}


def make():
    peers.settle()
    rng = random.Random(7)
    falling = [3 / (1 + i / 4) + rng.random() / 4 for i in range(24)]
    runs = ((0, 20), (5, 20), (1, 20), (20, 21))
    fits = lambda name, warm: not (name == "warmup_stable_decay" and warm == 20)
    peers.save_json("schedules", {
        "made by": {"transformers": transformers.__version__, "torch": torch.__version__},
        "lr": LR,
        "bySteps": [by_step(n, w, t, k) for n, k in STEPS for w, t in runs if fits(n, w)],
        "byMetric": [by_metric(n, k, m) for n, k in METRICS for m in (falling, falling[::-1])],
        "warmup": [warmup(a, t) for a in (0, 0.03, 0.1, 0.5, 0.99, 1, 1.9, 5, 40) for t in (1, 7, 30, 1000)],
    })


if __name__ == "__main__":
    make()
