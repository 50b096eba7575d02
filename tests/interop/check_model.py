"""transformers loads a model folder that ftx wrote and says what it computes.

    python check_model.py MODEL IDS.json OUT.json

IDS.json is a list of rows of token ids. OUT.json gets `logits` [row][position][token] in fp32, `dtype` of the stored
weights, and where the folder has a tokenizer `encoded`, its ids for "Hello, world". Fails when a weight is missing or
left over.
"""

import sys
from pathlib import Path

from transformers import AutoConfig, AutoTokenizer, GenerationConfig

import peer


def main(folder: str, ids: str, out: str) -> None:
    peer.settle()
    result = dict(
        logits=peer.logits_of(peer.load_base(folder), peer.read_json(ids)),
        dtype=str(AutoConfig.from_pretrained(folder).dtype).removeprefix("torch."),
    )
    if (Path(folder) / "generation_config.json").exists():
        GenerationConfig.from_pretrained(folder)
    if (Path(folder) / "tokenizer.json").exists():
        result["encoded"] = AutoTokenizer.from_pretrained(folder)("Hello, world").input_ids
    peer.write_json(out, result)


if __name__ == "__main__":
    main(*sys.argv[1:])
