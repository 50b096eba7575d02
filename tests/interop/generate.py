"""transformers answers with folders that ftx wrote, by what is in them alone.

    python generate.py ITEMS.json OUT.json

ITEMS.json is a list of objects with `model`, where it is one `adapter`, which PEFT puts on the model, `messages`, a
conversation that ends with a question, and `answered`, the same with an answer. OUT.json gets a list of objects: `prompt`,
ids; `ids`, what was generated, with the token that ended it; `text`, the same without special tokens; `whole`, the
conversation as the chat template writes it; `roles`, EOS and pad of the tokenizer and both configurations.
"""

import sys

import torch
import peft
from transformers import AutoTokenizer, GenerationConfig

import peer


def main(given: str, out: str) -> None:
    peer.settle()
    peer.write_json(out, [answer(**item) for item in peer.read_json(given)])


def answer(model: str, messages: list, answered: list, adapter: str | None = None) -> dict:
    folder = adapter or model
    tokenizer = AutoTokenizer.from_pretrained(folder)
    lm = peer.load_base(model)
    if adapter:
        lm = peft.PeftModel.from_pretrained(lm, adapter).eval()
    config = GenerationConfig.from_pretrained(folder)
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)["input_ids"]
    ids = torch.tensor([prompt])
    options = dict(attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=40)
    with torch.no_grad():
        made = lm.generate(input_ids=ids, generation_config=config, **options)[0, len(prompt) :].tolist()
    return dict(
        prompt=prompt,
        ids=made,
        text=tokenizer.decode(made, skip_special_tokens=True),
        whole=tokenizer.apply_chat_template(answered, tokenize=False),
        eos=[tokenizer.eos_token_id, config.eos_token_id] + ([] if adapter else [lm.config.eos_token_id]),
        pad=[tokenizer.pad_token_id, config.pad_token_id] + ([] if adapter else [lm.config.pad_token_id]),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
