"""Loss and gradients of every weight: `fixtures/gradients/<model>.safetensors`.

Two documents, `ids_0`/`labels_0` and `ids_1`/`labels_1`, each a row of its own (so ftx may lay them end to end). The
labels are not yet shifted; -100 is not learned. `loss` is the sum of both documents' cross-entropies over the learned
tokens, `learned` their number, `grad.<weight>` the gradient of the sum. A tied head has its gradient in the embedding.
"""

import torch

from peers import load, random_ids, save_tensors

LENGTHS = [23, 37]


def make() -> None:
    documents = [random_ids(200 + n, length) for n, length in enumerate(LENGTHS)]
    labels = [mask(ids) for ids in documents]
    for name in ["llama2", "llama3", "qwen2", "qwen3"]:
        model = load(name)
        loss = sum(summed_loss(model, ids, wanted) for ids, wanted in zip(documents, labels))
        loss.backward()
        made = {f"grad.{weight}": value.grad for weight, value in model.named_parameters()}
        for n in range(len(LENGTHS)):
            made |= {f"ids_{n}": documents[n], f"labels_{n}": labels[n]}
        made["loss"] = loss
        made["learned"] = sum((wanted[1:] != -100).sum() for wanted in labels)
        save_tensors(f"gradients/{name}", made)


def mask(ids: torch.Tensor) -> torch.Tensor:
    """Two turns: a prompt, an answer, a second prompt and a second answer. Only answers are learned."""
    labels = ids.clone()
    third = len(ids) // 3
    labels[:third] = -100
    labels[2 * third : 2 * third + 4] = -100
    return labels


def summed_loss(model, ids: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    logits = model(input_ids=ids[None], use_cache=False).logits[0, :-1]
    return torch.nn.functional.cross_entropy(logits, labels[1:], ignore_index=-100, reduction="sum")
