"""What transformers' apply_chat_template makes of a few conversations, family by family -> fixtures/templates.json.

The Jinja of most families is the one that TRL ships; those it lacks are written out below.
"""

from pathlib import Path

import transformers
import trl

import peers

SHIPPED = Path(trl.__file__).parent / "chat_templates"
TOKENIZER = Path(__file__).parent.parent / "fixtures" / "tokenizer"

LLAMA2 = """
{%- for m in messages -%}
{%- if m.role == 'user' -%}
{%- set system = '<<SYS>>\\n' + messages[0].content + '\\n<</SYS>>\\n\\n' if loop.index0 == 1 and messages[0].role == 'system' else '' -%}
{{ bos_token + '[INST] ' + system + m.content + ' [/INST]' }}
{%- elif m.role == 'assistant' -%}
{{ ' ' + m.content + ' ' + eos_token }}
{%- endif -%}
{%- endfor -%}"""

MISTRAL = """
{{- bos_token }}
{%- set first = 1 if messages[0].role == 'system' else 0 -%}
{%- for m in messages -%}
{%- if m.role == 'user' -%}
{{ '[INST] ' + (messages[0].content + '\\n\\n' if loop.last and first else '') + m.content + '[/INST]' }}
{%- elif m.role == 'assistant' -%}
{{ ' ' + m.content + eos_token }}
{%- endif -%}
{%- endfor -%}"""

ZEPHYR = """
{%- for m in messages -%}
{{ '<|' + m.role + '|>\\n' + m.content + eos_token + '\\n' }}
{%- endfor -%}
{{ '<|assistant|>\\n' if add_generation_prompt else '' }}"""

CHATML = """
{%- for m in messages -%}
{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}
{%- endfor -%}
{{ '<|im_start|>assistant\\n' if add_generation_prompt else '' }}"""

SYSTEM = {"role": "system", "content": "You answer in one line."}
TURNS = [
    {"role": "user", "content": "How do I list all images?"},
    {"role": "assistant", "content": "docker images"},
    {"role": "user", "content": "And stop the container?\nThe one called web."},
    {"role": "assistant", "content": "docker stop web"},
]
THOUGHT = [*TURNS[:3], {"role": "assistant", "content": "<think>\nIt runs.\n</think>\n\ndocker stop web"}]
EARLY = [TURNS[0], {"role": "assistant", "content": "<think>\nAll of them.\n</think>\n\ndocker images"}, *TURNS[2:]]

CONVERSATIONS = {"one turn": TURNS[:2], "two turns": TURNS, "with a system prompt": [SYSTEM, *TURNS], "one turn with it": [SYSTEM, *TURNS[:2]]}
THOUGHTS = {"with a thought": THOUGHT, "with an early thought": EARLY}

FAMILIES = {
    "llama2": LLAMA2,
    "llama3": "llama3",
    "llama3.1": "llama3_1",
    "mistral": MISTRAL,
    "chatml": CHATML,
    "qwen": "qwen2_5",
    "qwen3": "qwen3",
    "qwen3_nothink": "qwen3_instruct_2507",
    "gemma": "gemma",
    "phi3": "phi3",
    "zephyr": ZEPHYR,
}

TOOLS = [{"type": "function", "function": {
    "name": "run",
    "description": "Runs a command",
    "parameters": {"type": "object", "properties": {"command": {"type": "string", "description": "what to run"}}, "required": ["command"]},
}}]
CALL = [
    {"role": "user", "content": "List all images"},
    {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "run", "arguments": {"command": "docker images", "times": [1, 2]}}}]},
    {"role": "tool", "content": "web, db"},
    {"role": "assistant", "content": "There are two."},
]


def jinja(given):
    return given if "{" in given else (SHIPPED / f"{given}.jinja").read_text()


def renderings(tokenizer, source, conversations, **more):
    """Each conversation whole, and up to its last question with the header of the answer."""
    made = {}
    for name, messages in conversations.items():
        def write(messages, prompt):
            options = dict(chat_template=source, add_generation_prompt=prompt, **more)
            text = tokenizer.apply_chat_template(messages, tokenize=False, **options)
            return {"text": text, "ids": tokenizer(text, add_special_tokens=False).input_ids}
        try:
            made[name] = {"whole": write(messages, False), "prompt": write(messages[:-1], True)}
        except Exception as error:
            made[name] = {"refused": str(error)}
    return made


def make():
    tokenizer = transformers.AutoTokenizer.from_pretrained(TOKENIZER)
    families = {}
    for name, given in FAMILIES.items():
        source = jinja(given)
        families[name] = renderings(tokenizer, source, CONVERSATIONS | (THOUGHTS if name == "qwen3" else {}))
    qwen3 = jinja("qwen3")
    peers.save_json("templates", {
        "made by": {"transformers": transformers.__version__, "trl": trl.__version__},
        "conversations": CONVERSATIONS | THOUGHTS | {"with tools": CALL, "with tools and system": [SYSTEM, *CALL]},
        "tools": TOOLS,
        "families": families,
        "without thinking": renderings(tokenizer, qwen3, CONVERSATIONS, enable_thinking=False),
        "tool calls": {
            name: renderings(tokenizer, jinja(given), {"with tools": CALL, "with tools and system": [SYSTEM, *CALL]}, tools=TOOLS)
            for name, given in {"qwen": "qwen2_5", "qwen3": "qwen3"}.items()
        },
        # Small enough to be derived from in TypeScript, without the peers.
        "jinja": {"llama2": LLAMA2, "mistral": MISTRAL, "zephyr": ZEPHYR, "chatml": CHATML},
    })


if __name__ == "__main__":
    make()
