"""How torch.amp.GradScaler moves its scale over 9,000 steps, of which some overflow -> fixtures/loss_scale.json."""

import torch

import peers


def make() -> None:
    chance = torch.rand(9000, generator=torch.Generator().manual_seed(1))
    overflows = [i for i, x in enumerate(chance.tolist()) if x < 3e-4 or i in (0, 1, 4500)]
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer, scaler = torch.optim.SGD([weight]), torch.amp.GradScaler("cpu")
    scales = {}
    for step in range(len(chance)):
        scaler.scale(weight.sum()).backward()
        if step in overflows:
            weight.grad.fill_(float("inf"))
        scaler.step(optimizer)
        before = scaler.get_scale()
        scaler.update()
        optimizer.zero_grad()
        if scaler.get_scale() != before:
            scales[step] = scaler.get_scale()
    peers.save_json("loss_scale", {"steps": len(chance), "overflows": overflows, "scales": scales})
