"""Makes what the benchmark measures on, under `build/bench/` (not committed): about 400 MB.

    python bench/make_model.py [FOLDER]

- `fp32/`, `bf16/`: one random Llama, 512 hidden x 8 layers x 32,000 tokens, 8 heads over 4 key/value heads,
  1,376 intermediate, untied: 56.0 M parameters, the same weights rounded for bf16.
- `adapter/`: the LoRA adapter (rank 8, alpha 16, every linear layer) that both sides start from; its B is 0.
- `even.json`, `even_prompt60.json`: 32 rows of one document of 512 tokens; in the second, the first 60 % of each row
  is prompt and not learned.
- `mixed.json`, `mixed_prompt60.json`: documents of 32 to 512 tokens, one a row. Padded, a batch of two is as long as
  its longer row.
- `packed.json`, `packed_prompt60.json`: the same documents, as many to a row of 512 as fit.

A data file is `{"rows": [{"documents": [{"input_ids": [...], "labels": [...]}]}]}`, labels unshifted, -100 = prompt.
"""

import json
import sys
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

FOLDER = Path(__file__).parent.parent / "build" / "bench"
VOCABULARY, LENGTH, ROWS = 32000, 512, 32
LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def main(folder: Path) -> None:
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=512,
            intermediate_size=1376,
            num_hidden_layers=8,
            num_attention_heads=8,
            num_key_value_heads=4,
            max_position_embeddings=2048,
            rms_norm_eps=1e-5,
        )
    )
    model.save_pretrained(folder / "fp32")
    model.bfloat16().save_pretrained(folder / "bf16")
    get_peft_model(
        LlamaForCausalLM.from_pretrained(folder / "fp32", dtype=torch.float32),
        LoraConfig(task_type="CAUSAL_LM", r=8, lora_alpha=16, target_modules=LINEAR),
    ).save_pretrained(folder / "adapter")

    noise = torch.Generator().manual_seed(1)
    even = [[document(LENGTH, noise)] for _ in range(ROWS)]
    # Lengths as in instruction data: most short, some long (log-normal, mean about 170).
    drawn = torch.exp(4.8 + 0.8 * torch.randn(3 * ROWS, generator=noise)).round().clamp(32, LENGTH).int()
    mixed = [[document(int(length), noise)] for length in drawn]
    for name, rows in {"even": even, "mixed": mixed, "packed": pack(mixed)}.items():
        write(folder / f"{name}.json", rows, 0.0)
        write(folder / f"{name}_prompt60.json", rows, 0.6)


def document(length: int, noise: torch.Generator) -> list[int]:
    """Ids with the skewed frequencies of language, so that there is something to learn."""
    u = torch.rand(length, generator=noise)
    return (VOCABULARY**u).long().clamp(max=VOCABULARY - 1).tolist()


def pack(rows: list[list[list[int]]]) -> list[list[list[int]]]:
    """First fit in decreasing order of length."""
    packs: list[list[list[int]]] = []
    for row in sorted((row[0] for row in rows), key=len, reverse=True):
        room = next((p for p in packs if sum(map(len, p)) + len(row) <= LENGTH), None)
        if room is None:
            packs.append([row])
        else:
            room.append(row)
    return packs


def write(path: Path, rows: list[list[list[int]]], prompt_share: float) -> None:
    def labelled(ids: list[int]) -> dict:
        prompt = round(prompt_share * len(ids))
        return {"input_ids": ids, "labels": [-100] * prompt + ids[prompt:]}

    path.write_text(json.dumps({"rows": [{"documents": [labelled(ids) for ids in row]} for row in rows]}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
