"""PEFT loads an adapter that ftx wrote and says what the model then computes.

    python check_adapter.py BASE ADAPTER IDS.json OUT.json

IDS.json is a list of rows of token ids. OUT.json gets `logits` [row][position][token] of base and adapter, and
`merged`, those of the merged model. Fails when the file's keys or shapes are not exactly the ones that PEFT has for
this configuration, and when PEFT does not know a key of adapter_config.json.
"""

import sys
from pathlib import Path

from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import load_file

import peer


def main(base: str, adapter: str, ids: str, out: str) -> None:
    peer.settle()
    rows = peer.read_json(ids)
    model = PeftModel.from_pretrained(peer.load_base(base), adapter).eval()
    compare_keys(model, Path(adapter) / "adapter_model.safetensors")
    logits = peer.logits_of(model, rows)
    peer.write_json(out, dict(logits=logits, merged=peer.logits_of(model.merge_and_unload(safe_merge=True), rows)))


def compare_keys(model: PeftModel, file: Path) -> None:
    written = {name: tuple(tensor.shape) for name, tensor in load_file(file).items()}
    wanted = {
        name: tuple(tensor.shape)
        for name, tensor in get_peft_model_state_dict(model).items()
        if ".base_layer." not in name  # the base's own embedding below a branch, which PEFT adds and ftx does not
    }
    if written != wanted:
        missing, surplus = sorted(wanted.keys() - written.keys()), sorted(written.keys() - wanted.keys())
        shapes = [name for name in wanted.keys() & written.keys() if wanted[name] != written[name]]
        sys.exit(f'Cannot accept "{file}": missing {missing}, surplus {surplus}, other shapes {shapes}')


if __name__ == "__main__":
    main(*sys.argv[1:])
