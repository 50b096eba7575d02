"""Five updates of torch.optim.AdamW: `fixtures/adamw.safetensors` and, for a weight in bf16, its fp32 master.

`<case>.settings` is [learning rate, beta 1, beta 2, epsilon, weight decay]; `<case>.start` [n], `<case>.gradients`
[5, n] and `<case>.weights` [5, n] after each update, `<case>.first` and `<case>.second` the moments after the last.
The learning rate halves with every update. In the case "master" the gradients are bf16, the master weights are fp32
and `master.bf16` [5, n] is the weight that the model computes with.
"""

import torch

from peers import save_tensors

UPDATES, SIZE = 5, 300
CASES = {
    "plain": (1e-3, 0.9, 0.999, 1e-8, 0.0),
    "decayed": (1e-2, 0.9, 0.999, 1e-8, 0.1),
    "other_betas": (3e-3, 0.8, 0.95, 1e-4, 0.01),
    "master": (1e-3, 0.9, 0.999, 1e-8, 0.01),
}


def make() -> None:
    made: dict[str, torch.Tensor] = {}
    for seed, (case, settings) in enumerate(CASES.items()):
        noise = torch.Generator().manual_seed(300 + seed)
        start = torch.randn(SIZE, generator=noise)
        gradients = torch.randn(UPDATES, SIZE, generator=noise) * torch.logspace(-6, 1, SIZE)  # tiny ones meet epsilon
        if case == "master":
            start, gradients = start.bfloat16().float(), gradients.bfloat16()
        weights, state = update(start, gradients.float(), settings)
        made |= {
            f"{case}.settings": torch.tensor(settings, dtype=torch.float64),
            f"{case}.start": start,
            f"{case}.gradients": gradients,
            f"{case}.weights": weights,
            f"{case}.first": state["exp_avg"],
            f"{case}.second": state["exp_avg_sq"],
        }
        if case == "master":
            made["master.bf16"] = weights.bfloat16()
    save_tensors("adamw", made)


def update(start: torch.Tensor, gradients: torch.Tensor, settings: tuple) -> tuple[torch.Tensor, dict]:
    rate, beta1, beta2, epsilon, decay = settings
    weight = torch.nn.Parameter(start.clone())
    optimizer = torch.optim.AdamW([weight], lr=rate, betas=(beta1, beta2), eps=epsilon, weight_decay=decay)
    after = []
    for gradient in gradients:
        weight.grad = gradient.clone()
        optimizer.step()
        optimizer.param_groups[0]["lr"] /= 2
        after.append(weight.detach().clone())
    return torch.stack(after), optimizer.state[weight]
