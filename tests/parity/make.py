"""Makes the fixtures that ftx is held against, with the peers of requirements.txt.

    python tests/parity/make.py            # everything, about two minutes on one core
    python tests/parity/make.py curves     # one topic

Every topic is a file with a `make()` that writes under `fixtures/`. Seeds are fixed and one thread computes, so a
second run writes the same bytes. Topics read the models that the topic "models" wrote, so that one comes first.
"""

import importlib
import sys
import time

import peers

TOPICS = [
    *("models", "logits", "gradients", "adamw", "optimizers", "adapters", "generation", "curves"),
    *("templates", "data", "schedules", "loss_scale", "peft_targets"),
]


def main(chosen: list[str]) -> None:
    unknown = set(chosen) - set(TOPICS)
    if unknown:
        sys.exit(f'Cannot make "{", ".join(sorted(unknown))}": the topics are {", ".join(TOPICS)}')
    peers.settle()
    for topic in chosen or TOPICS:
        began = time.perf_counter()
        importlib.import_module(topic).make()
        print(f"{topic}: {time.perf_counter() - began:.1f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
