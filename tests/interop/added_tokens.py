"""Loads what added_tokens_test.ts trained, as users of PEFT and transformers do.

    python added_tokens.py PLACE    reads PLACE/check.json; writes PLACE/checked.json

check.json has `ids`, rows of token ids, `text`, and `cells`, each {model, adapter?}: a model's folder and an adapter's. For each
cell checked.json has `logits`, `encoded` and `skipped` (the text's ids, and their text without special tokens) and `rows` of
config.json, with the tokenizer of the adapter or else of the model.
"""

import sys
from pathlib import Path

import peer
from peft import PeftModel
from transformers import AutoTokenizer


def check(ids: list[list[int]], text: str, model: str, adapter: str | None = None) -> dict:
    tokenizer = AutoTokenizer.from_pretrained(adapter or model)
    loaded = peer.load_base(model)
    if adapter:
        if len(tokenizer) > loaded.config.vocab_size:
            loaded.resize_token_embeddings(len(tokenizer), pad_to_multiple_of=64, mean_resizing=False)
        loaded = PeftModel.from_pretrained(loaded, adapter).eval()
    encoded = tokenizer(text, add_special_tokens=False).input_ids
    return dict(
        logits=peer.logits_of(loaded, ids),
        encoded=encoded,
        skipped=tokenizer.decode(encoded, skip_special_tokens=True),
        rows=loaded.config.vocab_size,
    )


def main(place: Path) -> None:
    peer.settle()
    given = peer.read_json(place / "check.json")
    peer.write_json(place / "checked.json", [check(given["ids"], given["text"], **cell) for cell in given["cells"]])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
