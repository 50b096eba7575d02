/** Commands of LLaMA-Factory and others that ftx calls otherwise or does not have: what to do instead. */
export const VERBS: Readonly<Record<string, string>> = {
  // LLaMA-Factory's
  webui: "there is no page in the browser yet; ftx sft trains, ftx chat talks, ftx export merges",
  webchat: "there is no page in the browser yet; ftx chat talks in the terminal",
  api: "there is no server yet; ftx chat talks in the terminal, and ftx chat --prompt answers one question",
  merge: "ftx export merges adapters into their model",
  env: "ftx version prints the versions, ftx doctor checks the machine",
  eval: "there are no benchmarks yet; ftx train with do_train = false and do_eval = true measures loss and perplexity",
  rm: "there is no reward modelling yet; ftx help lists the stages",
  dpo: "there is no preference training yet; ftx help lists the stages",
  kto: "there is no preference training yet; ftx help lists the stages",
  ppo: "there is no PPO yet; ftx help lists the stages",
  // What others call them
  finetune: "ftx sft fine-tunes on instructions and conversations, ftx pt on plain text",
  pretrain: "ftx pt trains on plain text",
  predict: "there are no files of predictions yet; ftx chat --prompt answers one question",
  generate: "ftx chat --prompt answers one question",
  infer: "ftx chat --prompt answers one question",
  run: "ftx chat talks with a model, ftx train trains as a file says",
  ui: "there is no page in the browser yet; ftx chat talks in the terminal",
  serve: "there is no server yet; ftx chat talks in the terminal, and ftx chat --prompt answers one question",
  preview: "ftx data preview shows what a run would learn",
  download: "ftx downloads a model when a command names it; ftx models lists what is there",
  list: "ftx models lists what was downloaded, ftx models search what there is",
  estimate: "ftx plan estimates memory and work",
};
