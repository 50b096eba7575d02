"""What every topic shares: how the peers are run, and where and how their numbers are written."""

import json
import os
import warnings
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import torch
import transformers
from safetensors.torch import save_file

FIXTURES = Path(__file__).parent / "fixtures"
VOCABULARY = 96  # tokens of every tiny model; 0 pads, 1 begins, 2 ends


def settle() -> None:
    """One thread, exact fp32 products, no noise: the same bytes on every run."""
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("highest")
    torch.use_deterministic_algorithms(True)
    warnings.simplefilter("ignore")  # PEFT's advice about bases that it does not find on a hub
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


def load(name: str, dtype: torch.dtype = torch.float32, **config) -> transformers.PreTrainedModel:
    """The tiny model `name` in evaluation mode; `config` overrides single fields of its config.json."""
    folder = FIXTURES / "models" / name
    settings = transformers.AutoConfig.from_pretrained(folder, **config)
    return transformers.AutoModelForCausalLM.from_pretrained(folder, config=settings, dtype=dtype).eval()


def random_ids(seed: int, *shape: int) -> torch.Tensor:
    """Token ids that are neither padding nor a beginning or an end."""
    return torch.randint(3, VOCABULARY, shape, generator=torch.Generator().manual_seed(seed))


def save_tensors(path: str, tensors: dict[str, torch.Tensor]) -> None:
    """Writes `fixtures/<path>.safetensors`; ids become I32, as ftx holds them."""
    file = FIXTURES / f"{path}.safetensors"
    file.parent.mkdir(parents=True, exist_ok=True)
    ready = {name: t.detach().to(torch.int32) if t.dtype == torch.int64 else t.detach() for name, t in tensors.items()}
    save_file({name: t.contiguous().clone() for name, t in ready.items()}, file)


def save_json(path: str, value: object) -> None:
    """Writes `fixtures/<path>.json`, a list of numbers on one line."""
    file = FIXTURES / f"{path}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_layout(value, 0) + "\n")


def _layout(value: object, depth: int) -> str:
    """JSON that reads well in a diff: only what holds other lists or objects is spread over lines."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    if not any(isinstance(v, (dict, list)) for v in inner):
        return json.dumps(value)
    pad, end = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict):
        lines = [f"{pad}{json.dumps(k)}: {_layout(v, depth + 1)}" for k, v in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{end}}}"
    return "[\n" + ",\n".join(pad + _layout(v, depth + 1) for v in inner) + f"\n{end}]"
