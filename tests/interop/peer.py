"""What the programs of this folder share: running a model on rows of ids, and refusing anything that looks odd."""

import json
import os
import sys
import warnings
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import torch
import transformers


def settle() -> None:
    """One thread and exact fp32; warnings about keys become errors, because PEFT and transformers only warn of them."""
    torch.set_num_threads(1)
    torch.set_float32_matmul_precision("highest")
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    warnings.simplefilter("ignore")
    for words in (".*[Mm]issing.*", ".*[Uu]nexpected.*", ".*not used.*", ".*newly initialized.*", ".*mismatch.*"):
        warnings.filterwarnings("error", message=words)


def load_base(folder: str) -> transformers.PreTrainedModel:
    """The model in fp32; fails when a weight is missing, left over or of another shape."""
    model, report = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, output_loading_info=True
    )
    wrong = {name: sorted(map(str, keys)) for name, keys in report.items() if keys}
    if wrong:
        sys.exit(f'Cannot load "{folder}": transformers reports {wrong}')
    return model.eval()


def logits_of(model, rows: list[list[int]]) -> list[list[list[float]]]:
    """Logits [row][position][token], each row by itself."""
    with torch.no_grad():
        return [model(input_ids=torch.tensor([row]), use_cache=False).logits[0].tolist() for row in rows]


def read_json(path: str):
    return json.loads(Path(path).read_text())


def write_json(path: str | Path, value: object) -> None:
    Path(path).write_text(json.dumps(value) + "\n")
