/**
 * Keys of LLaMA-Factory and Hugging Face that ftx knows but cannot do yet: what they ask for, and each key with the
 * value that asks for nothing (their default; null and false always ask for nothing). Whoever builds one of these
 * declares the setting and takes its keys out of this list.
 */
const GROUPS: readonly [what: string, keys: Record<string, unknown>][] = [
  ["quantised training", {
    quantization_bit: null,
    quantization_method: "bnb",
    quantization_type: "nf4",
    double_quantization: true,
    quantization_device_map: null,
  }],
  ["quantised export", {
    export_quantization_bit: null,
    export_quantization_dataset: null,
    export_quantization_nsamples: 128,
    export_quantization_maxlen: 1024,
  }],
  ["pickled weights (.bin)", { export_legacy_format: false, save_safetensors: true }],
  ["uploading to a hub", {
    export_hub_model_id: null,
    push_to_hub: false,
    hub_model_id: null,
    hub_token: null,
    hub_strategy: "every_save",
    hub_private_repo: null,
    hub_always_push: false,
    hub_revision: null,
  }],
  ["downloading from a hub", {
    hf_hub_token: null,
    ms_hub_token: null,
    om_hub_token: null,
    download_mode: "reuse_dataset_if_exists",
  }],
  ["GaLore", {
    use_galore: false,
    galore_target: "all",
    galore_rank: 16,
    galore_update_interval: 200,
    galore_scale: 2,
    galore_proj_type: "std",
    galore_layerwise: false,
  }],
  ["APOLLO", {
    use_apollo: false,
    apollo_target: "all",
    apollo_rank: 16,
    apollo_update_interval: 200,
    apollo_scale: 32,
    apollo_proj: "random",
    apollo_proj_type: "std",
    apollo_scale_type: "channel",
    apollo_layerwise: false,
    apollo_scale_front: false,
  }],
  ["BAdam", {
    use_badam: false,
    badam_mode: "layer",
    badam_start_block: null,
    badam_switch_mode: "ascending",
    badam_switch_interval: 50,
    badam_update_ratio: 0.05,
    badam_mask_mode: "adjacent",
    badam_verbose: 0,
  }],
  ["Adam-mini", { use_adam_mini: false }],
  ["Muon", { use_muon: false }],
  ["optimizer arguments", { optim_args: null, optim_target_modules: null }],
  ["DoRA", { use_dora: false }],
  ["LoRA+", { loraplus_lr_ratio: null, loraplus_lr_embedding: 1e-6 }],
  ["PiSSA", { pissa_init: false, pissa_iter: 16, pissa_convert: false }],
  ["OFT", { oft_rank: 0, oft_block_size: 32, oft_target: "all", module_dropout: 0 }],
  ["LLaMA-Pro", { use_llama_pro: false }],
  ["the DFT, ASFT and EAFT losses", {
    use_dft_loss: false,
    use_asft_loss: false,
    asft_alpha: 0.1,
    use_eaft_loss: false,
    eaft_alpha: 1,
  }],
  ["preference training", {
    pref_loss: "sigmoid",
    pref_beta: 0.1,
    pref_ftx: 0,
    pref_bco_weight: 0,
    dpo_label_smoothing: 0,
    ld_alpha: null,
    simpo_gamma: 0.5,
    kto_chosen_weight: 1,
    kto_rejected_weight: 1,
    ref_model: null,
    ref_model_adapters: null,
    ref_model_quantization_bit: null,
  }],
  ["PPO", {
    ppo_buffer_size: 1,
    ppo_epochs: 4,
    ppo_score_norm: false,
    ppo_target: 6,
    ppo_whiten_rewards: false,
    reward_model: null,
    reward_model_adapters: null,
    reward_model_quantization_bit: null,
    reward_model_type: "lora",
  }],
  ["several GPUs or machines", {
    deepspeed: null,
    fsdp: "",
    fsdp_config: null,
    fsdp_transformer_layer_cls_to_wrap: null,
    accelerator_config: null,
    parallelism_config: null,
    ddp_backend: null,
    local_rank: -1,
    ray_num_workers: 1,
    ray_init_kwargs: null,
    ray_run_name: null,
    master_addr: null,
    master_port: null,
    use_mca: false,
    use_megatron_bridge: false,
    use_hyper_parallel: false,
    hyper_parallel_args: null,
    hyper_parallel_cp_size: 1,
    data_shared_file_system: false,
  }],
  ["streaming data", { streaming: false, buffer_size: 16384 }],
  ["images, video and audio", {
    media_dir: null,
    image_max_pixels: 768 * 768,
    image_min_pixels: 32 * 32,
    image_do_pan_and_scan: false,
    crop_to_patches: false,
    video_max_pixels: 256 * 256,
    video_min_pixels: 16 * 16,
    video_fps: 2,
    video_maxlen: 128,
    use_audio_in_video: false,
    audio_sampling_rate: 16000,
    freeze_vision_tower: true,
    freeze_multi_modal_projector: true,
    freeze_language_model: false,
  }],
  ["writing predictions", {
    predict_with_generate: false,
    do_predict: false,
    eval_num_beams: null,
    generation_max_length: null,
    generation_num_beams: null,
    generation_config: null,
    num_beams: 1,
    length_penalty: 1,
  }],
  ["benchmark evaluation", { task: null, task_dir: "evaluation", lang: "en", n_shot: 5, save_dir: null }],
  ["other inference engines", {
    infer_backend: "huggingface",
    vllm_maxlen: 4096,
    vllm_gpu_util: 0.7,
    vllm_enforce_eager: false,
    vllm_max_lora_rank: 32,
    vllm_config: null,
    sglang_maxlen: 4096,
    sglang_mem_fraction: 0.7,
    sglang_tp_size: -1,
    sglang_config: null,
    sglang_lora_backend: "triton",
  }],
  ["offloading", { offload_folder: "offload", use_unsloth_gc: false, use_kt: false, kt_config: null }],
  ["generation without a key/value cache", { use_kv_cache: true }],
  ["descriptions of new tokens", { new_special_tokens_config: null, init_special_tokens: "noise_init" }],
  ["LongLoRA", { shift_attn: false }],
  ["mixture of depths", { mixture_of_depths: null }],
  ["mixtures of experts", { moe_aux_loss_coef: null }],
  ["logits in fp32", { upcast_lmhead_output: false }],
  ["FP8", { fp8: false, fp8_backend: "auto", fp8_enable_fsdp_float8_all_gather: false }],
  ["compiled models", { torch_compile: false, torch_compile_backend: null, torch_compile_mode: null }],
  ["a batch size that shrinks by itself", { auto_find_batch_size: false }],
  ["experiment trackers", {
    use_swanlab: false,
    swanlab_project: "llamafactory",
    swanlab_workspace: null,
    swanlab_run_name: null,
    swanlab_mode: "cloud",
    swanlab_api_key: null,
    swanlab_logdir: null,
    swanlab_lark_webhook_url: null,
    swanlab_lark_secret: null,
    project: "huggingface",
    trackio_space_id: "trackio",
  }],
  ["profiling", {
    enable_torch_profiler: false,
    profiler_output_dir: null,
    profiler_wait_steps: 1,
    profiler_warmup_steps: 1,
    profiler_active_steps: 1,
    profiler_repeat: 1,
    profiler_record_shapes: true,
    profiler_profile_memory: true,
    profiler_with_stack: true,
    profile_modules: null,
  }],
  ["a list of all parameters", { print_param_status: false }],
  ["a folder of its own for logs", { logging_dir: null }],
  ["evaluation before the first step or from a later one", { eval_on_start: false, eval_delay: 0 }],
  ["evaluation in half precision", { bf16_full_eval: false, fp16_full_eval: false }],
  ["resuming without the position in the data", { ignore_data_skip: false }],
];

/**
 * Keys that only choose between ways to the same result, or that ask for what ftx always does. They are accepted,
 * with a word about why.
 */
export const NEEDLESS: Readonly<Record<string, string>> = {
  use_unsloth: "fused kernels are used wherever they give the same numbers",
  enable_liger_kernel: "fused kernels are used wherever they give the same numbers",
  use_liger_kernel: "fused kernels are used wherever they give the same numbers",
  use_v1_kernels: "fused kernels are used wherever they give the same numbers",
  include_num_input_tokens_seen: "tokens are always counted",
  include_tokens_per_second: "tokens per second are always reported",
  include_effective_tokens_per_second: "tokens per second are always reported, and nothing is padded",
  average_tokens_across_devices: "a step's loss is always the mean over all its tokens",
  remove_unused_columns: "only the columns a data set names are read",
  gradient_checkpointing_kwargs: "blocks are recomputed one by one, without PyTorch's checkpoint function",
  ddp_find_unused_parameters: "one process trains",
  ddp_bucket_cap_mb: "one process trains",
  ddp_broadcast_buffers: "one process trains",
  save_on_each_node: "one process trains",
  log_on_each_node: "one process trains",
  dataloader_pin_memory: "data is encoded ahead of training, so that loading it takes no time",
  dataloader_persistent_workers: "data is encoded ahead of training, so that loading it takes no time",
  dataloader_prefetch_factor: "data is encoded ahead of training, so that loading it takes no time",
  dataloader_drop_last: "the last, shorter batch is always used; its tokens count like all others",
  eval_accumulation_steps: "evaluation keeps sums only",
  prediction_loss_only: "evaluation keeps sums only",
  batch_eval_metrics: "evaluation keeps sums only",
  eval_do_concat_batches: "evaluation keeps sums only",
  skip_memory_metrics: "memory is always reported",
  torch_empty_cache_steps: "the allocator keeps its pages, which is faster",
  logging_nan_inf_filter: "a step that is not finite is skipped, counted and reported",
  restore_callback_states_from_checkpoint: "a checkpoint always holds the whole state",
  full_determinism: "runs on a CPU are always repeatable",
  disable_tqdm: "a progress bar is drawn on terminals only; --quiet silences it",
  log_level: "--quiet silences ftx",
};

interface NotYet {
  what: string;
  off: unknown;
}

const KEYS: ReadonlyMap<string, NotYet> = new Map(
  GROUPS.flatMap(([what, keys]) => Object.entries(keys).map(([key, off]) => [key, { what, off }])),
);

/** Values of settings that ftx has, which others know and ftx cannot do yet. */
const VALUES: Readonly<Record<string, Record<string, string>>> = {
  stage: { rm: "reward modelling", ppo: "PPO", dpo: "preference training", kto: "KTO" },
  finetuning_type: { oft: "OFT" },
  optim: {
    adafactor: "Adafactor",
    adamw_8bit: "8-bit AdamW",
    adamw_bnb_8bit: "8-bit AdamW",
    paged_adamw_8bit: "paged 8-bit AdamW",
    paged_adamw_32bit: "paged AdamW",
    adamw_torch_8bit: "8-bit AdamW",
    adamw_torch_4bit: "4-bit AdamW",
    galore_adamw: "GaLore",
    apollo_adamw: "APOLLO",
    lomo: "LOMO",
    lion_32bit: "Lion",
    sgd: "SGD",
    adagrad: "Adagrad",
    rmsprop: "RMSprop",
    schedule_free_adamw: "schedule-free AdamW",
  },
  report_to: {
    all: "every tracker at once",
    wandb: "Weights & Biases",
    swanlab: "SwanLab",
    mlflow: "MLflow",
    neptune: "Neptune",
    trackio: "Trackio",
    comet_ml: "Comet",
    clearml: "ClearML",
  },
  save_strategy: { best: "saving at each new best" },
  init_lora_weights: {
    pissa: "PiSSA",
    olora: "OLoRA",
    eva: "EVA",
    loftq: "LoftQ",
    corda: "CorDA",
    orthogonal: "orthogonal LoRA",
  },
};

/** All keys (snake_case) that ftx knows of others but has no setting for. */
export const KNOWN_KEYS: readonly string[] = [...KEYS.keys(), ...Object.keys(NEEDLESS)];

/** What a key of others asks for that ftx cannot do; "" if it asks for nothing; undefined for a key nobody knows. */
export function notYetKey(key: string, value: unknown): string | undefined {
  const known = KEYS.get(key);
  if (known === undefined) return undefined;
  return asksNothing(value, known.off) ? "" : known.what;
}

/** What a value of one of our settings asks for that ftx cannot do; undefined if that is not known. */
export function notYetValue(key: string, value: unknown): string | undefined {
  const words = Array.isArray(value) ? value : String(value).split(",");
  return words.map((word) => VALUES[key]?.[String(word).trim().toLowerCase()]).find((what) => what !== undefined);
}

function asksNothing(value: unknown, off: unknown): boolean {
  if (value === null || value === undefined || value === "" || value === "null") return true;
  const word = String(value).toLowerCase();
  if (word === String(off).toLowerCase() || Number(value) === off) return true;
  return off !== true && (word === "false" || word === "none");
}
