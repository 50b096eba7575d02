"""Prints what AutoTokenizer makes of folders: roles, and the ids of texts. Arguments: a JSON list of texts, then folders."""

import json
import os
import sys

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import transformers

transformers.utils.logging.set_verbosity_error()
texts, *folders = sys.argv[1:]
found = []
for folder in folders:
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    encoded = [tokenizer.encode(text, add_special_tokens=False) for text in json.loads(texts)]
    begins = tokenizer.bos_token_id is not None and tokenizer.encode("a")[:1] == [tokenizer.bos_token_id]
    roles = {role: getattr(tokenizer, f"{role}_token") or None for role in ("bos", "eos", "pad", "unk")}
    ids = {role: tokenizer.convert_tokens_to_ids(text) for role, text in roles.items() if text}
    found.append(dict(roles=roles, ids=ids, encoded=encoded, size=len(tokenizer), begins=begins))
print(json.dumps(found))
