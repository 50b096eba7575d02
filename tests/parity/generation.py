"""What transformers generates: `fixtures/generation.json`.

Each case has a model, a prompt, the settings of `generate` and the ids it went on with (48, never stopped by an end
token). `margin` is the smallest lead that a chosen token had over the next best one; none is near rounding error.
Where tokens are drawn there is a `seed` in its place.
"""

import torch
from transformers import GenerationConfig

from peers import load, random_ids, save_json

CASES = {
    "greedy": ("llama2", 10, {}),
    "greedy with grouped heads and scaled rope": ("llama3", 10, {}),
    "greedy beyond a sliding window": ("mistral", 20, {}),
    "greedy with normalised queries and keys": ("qwen3", 10, {}),
    "greedy with attention bias": ("qwen2", 1, {}),
    "repetition penalty": ("llama2", 10, dict(repetition_penalty=1.3)),
    "strong repetition penalty": ("qwen2", 14, dict(repetition_penalty=2.0)),
    "drawn with all filters": ("llama2", 10, dict(temperature=0.9, top_k=40, top_p=0.8, repetition_penalty=1.2)),
    "drawn from everything": ("qwen3", 10, dict(temperature=2.0, top_k=0, top_p=1.0)),
}


def make() -> None:
    cases = []
    for seed, (name, (base, length, settings)) in enumerate(CASES.items()):
        prompt = random_ids(600 + seed, 1, length)
        draws = "temperature" in settings
        config = GenerationConfig(
            do_sample=draws,
            max_new_tokens=48,
            pad_token_id=0,
            eos_token_id=None,
            return_dict_in_generate=True,
            output_scores=True,
            **settings,
        )
        model = load(base)
        model.generation_config = config
        torch.manual_seed(seed)
        made = model.generate(input_ids=prompt, attention_mask=torch.ones_like(prompt))
        best = torch.stack(made.scores).topk(2).values
        margin = (best[..., 0] - best[..., 1]).min().item()
        assert draws or margin > 1e-3, f"{name}: a choice hangs on {margin}"
        cases.append(
            dict(
                name=name,
                model=base,
                settings=settings,
                prompt=prompt[0].tolist(),
                continuation=made.sequences[0, length:].tolist(),
                **(dict(seed=seed) if draws else dict(margin=margin)),
            )
        )
    save_json("generation", cases)
