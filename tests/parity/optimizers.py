"""Twelve updates of torch.optim.SGD and lion-pytorch's Lion: `fixtures/optimizers.json` and `.safetensors`.

The JSON names each case with its optimizer, options, first learning rate and weight decay. `<case>.start` [n],
`<case>.gradients` [12, n], `<case>.weights` [12, n] after each update, `<case>.state` [n] the momentum after the last.
The learning rate falls by a tenth with every update. Where `narrow`, the gradients are bf16, the master weights are
fp32 and `<case>.bf16` [12, n] is the weight that the model computes with.
"""

import torch
from lion_pytorch import Lion

from peers import save_json, save_tensors

UPDATES, SIZE = 12, 60
PEERS = {"sgd": (torch.optim.SGD, "momentum_buffer"), "lion": (Lion, "exp_avg")}
CASES = [
    {"name": "sgd", "rule": "sgd", "options": {}, "rate": 0.1, "weight_decay": 0.0, "narrow": False},
    {"name": "sgd_decayed", "rule": "sgd", "options": {}, "rate": 0.1, "weight_decay": 0.1, "narrow": False},
    {"name": "sgd_momentum", "rule": "sgd", "options": {"momentum": 0.9}, "rate": 0.02, "weight_decay": 0.01, "narrow": False},
    {"name": "sgd_dampened", "rule": "sgd", "options": {"momentum": 0.9, "dampening": 0.3}, "rate": 0.02, "weight_decay": 0.0, "narrow": False},
    {"name": "sgd_nesterov", "rule": "sgd", "options": {"momentum": 0.8, "nesterov": True}, "rate": 0.02, "weight_decay": 0.1, "narrow": False},
    {"name": "sgd_narrow", "rule": "sgd", "options": {"momentum": 0.9}, "rate": 0.02, "weight_decay": 0.01, "narrow": True},
    {"name": "lion", "rule": "lion", "options": {}, "rate": 1e-2, "weight_decay": 0.0, "narrow": False},
    {"name": "lion_decayed", "rule": "lion", "options": {"beta1": 0.95, "beta2": 0.98}, "rate": 3e-3, "weight_decay": 0.1, "narrow": False},
    {"name": "lion_narrow", "rule": "lion", "options": {}, "rate": 1e-3, "weight_decay": 0.01, "narrow": True},
]


def make() -> None:
    made: dict[str, torch.Tensor] = {}
    for seed, case in enumerate(CASES):
        name, narrow = case["name"], case["narrow"]
        noise = torch.Generator().manual_seed(400 + seed)
        start = torch.randn(SIZE, generator=noise)
        gradients = torch.randn(UPDATES, SIZE, generator=noise) * torch.logspace(-4, 1, SIZE)
        if narrow:
            start, gradients = start.bfloat16().float(), gradients.bfloat16()
        weights, state = update(start, gradients.float(), case)
        made |= {f"{name}.start": start, f"{name}.gradients": gradients, f"{name}.weights": weights}
        if state is not None:
            made[f"{name}.state"] = state
        if narrow:
            made[f"{name}.bf16"] = weights.bfloat16()
    save_tensors("optimizers", made)
    save_json("optimizers", {"cases": CASES})


def update(start: torch.Tensor, gradients: torch.Tensor, case: dict) -> tuple[torch.Tensor, torch.Tensor | None]:
    peer, key = PEERS[case["rule"]]
    options = dict(case["options"])
    if "beta1" in options:
        options = {"betas": (options["beta1"], options["beta2"])}
    weight = torch.nn.Parameter(start.clone())
    optimizer = peer([weight], lr=case["rate"], weight_decay=case["weight_decay"], **options)
    after = []
    for gradient in gradients:
        weight.grad = gradient.clone()
        optimizer.step()
        optimizer.param_groups[0]["lr"] *= 0.9
        after.append(weight.detach().clone())
    return torch.stack(after), optimizer.state[weight].get(key)
