"""transformers renders chat templates.

    python render_chats.py TOKENIZER ITEMS.json OUT.json

ITEMS.json has `sources`, texts of Jinja, and `chats`, each with `source` (a place in sources), `messages`, `tools`,
`prompt` (add_generation_prompt) and `more`, further variables of the template. OUT.json gets the texts; where rendering fails, an object with `error`.
"""

import sys

import transformers

import peer


def main(folder: str, given: str, out: str) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    items = peer.read_json(given)
    texts = []
    for chat in items["chats"]:
        options = dict(chat_template=items["sources"][chat["source"]], add_generation_prompt=chat["prompt"])
        options |= chat.get("more") or {}
        try:
            text = tokenizer.apply_chat_template(chat["messages"], tools=chat.get("tools"), tokenize=False, **options)
        except Exception as error:
            text = {"error": str(error)}
        texts.append(text)
    peer.write_json(out, texts)


if __name__ == "__main__":
    main(*sys.argv[1:])
