import type { Case } from "./case.ts";
import { type Place, SFT } from "./place.ts";

const AGAIN = `${SFT} --output-dir done --max-steps 6 --save-steps 2`;

/** Folders, disks and memory that cannot be used. */
export const RUN_CASES: Case[] = [
  {
    name: "an output_dir that is a file",
    run: `${SFT} --output-dir qa.json`,
    code: 2,
    says: 'Cannot use output_dir = "qa.json": it is a file; name a folder',
  },
  {
    name: "an output_dir below a file",
    run: `${SFT} --output-dir qa.json/out`,
    code: 6,
    says: 'Cannot write into output_dir = "qa.json/out": not a directory; choose a writable folder',
  },
  {
    name: "an output_dir that is the model's folder",
    run: `${SFT} --output-dir ./nano`,
    code: 2,
    says:
      'Cannot use output_dir = "./nano" (--output-dir) with model_name_or_path = "nano" (--model-name-or-path): the run would overwrite its model; choose another folder',
  },
  {
    name: "an output_dir that another run writes",
    run: AGAIN,
    code: 2,
    says: 'Cannot train into "done": process 4711 is writing there; wait for it or choose another output_dir',
    meanwhile: locked,
  },
  {
    name: "an output_dir with the weights of an earlier run",
    run: AGAIN,
    spoil: (p) => p.remove("done/checkpoint-2", "done/checkpoint-4"),
    code: 2,
    says:
      'Cannot train into "done": it holds "adapter_model.safetensors" of an earlier run; choose another output_dir or set overwrite_output_dir',
  },
  {
    name: "a read-only output_dir",
    run: `${SFT} --output-dir out/a`,
    code: 6,
    says: 'Cannot write into output_dir = "out/a": read-only file system; choose a writable folder',
    ...mounted("ro"),
  },
  {
    name: "a disk that is full while the run is saved",
    run: `${SFT} --output-dir out/a --full --max-steps 4 --save-steps 1`,
    code: 6,
    says: [
      'warning: Cannot write "out/a/checkpoint-1": 988 KiB are needed and {n} are free; no checkpoint is intact yet, training continues and will try again at the next save (failure 1 of 3)',
      'warning: Cannot write "out/a/checkpoint-2": 988 KiB are needed and {n} are free; no checkpoint is intact yet, training continues and will try again at the next save (failure 2 of 3)',
      'Cannot write "out/a/checkpoint-3": 988 KiB are needed and {n} are free; this was the third failure in a row, no checkpoint is intact yet; make room and continue with --resume',
    ],
    alone: true, // the disk can be taken away only once the process has closed its log
    ...mounted("size=240k"),
    leaves: /^out/,
  },
  {
    name: "a checkpoint that is not there",
    run: `${AGAIN} --resume done/checkpoint-3`,
    code: 2,
    says:
      'Cannot resume from "done/checkpoint-3": there is no such folder; --resume without a path finds the newest intact one',
  },
  {
    name: "a checkpoint that is broken",
    run: `${AGAIN} --resume done/checkpoint-4`,
    spoil: (p) => p.cut("done/checkpoint-4/optimizer.safetensors", 500),
    code: 2,
    says:
      'Cannot resume from "done/checkpoint-4": "optimizer.safetensors" has 500 bytes, but the manifest says 72056; --resume without a path finds the newest intact one',
  },
  {
    name: "a checkpoint with one wrong byte",
    run: `${AGAIN} --resume done/checkpoint-4`,
    spoil: flip("done/checkpoint-4/adapter_model.safetensors"),
    code: 2,
    says:
      'Cannot resume from "done/checkpoint-4": "adapter_model.safetensors" does not have the SHA-256 in the manifest; --resume without a path finds the newest intact one',
  },
  {
    name: "a run without one whole checkpoint",
    run: `${AGAIN} --resume`,
    spoil: (p) => {
      p.remove("done/checkpoint-2/manifest.json");
      p.cut("done/checkpoint-4/manifest.json", 100);
    },
    code: 2,
    says:
      'Cannot resume from "done": none of its checkpoints is intact (checkpoint-4: "manifest.json" is damaged; checkpoint-2: "manifest.json" is missing, so the save did not finish); set overwrite_output_dir to start over',
  },
  {
    name: "a run whose only checkpoint has lost a file",
    run: `${AGAIN} --resume`,
    spoil: onlyModel,
    code: 2,
    says:
      'Cannot resume from "done": none of its checkpoints is intact (checkpoint-4: "optimizer.safetensors" is missing); set overwrite_output_dir to start over',
  },
  {
    name: "a run to resume with another rank",
    run: `${AGAIN} --resume --lora-rank 4`,
    code: 2,
    says:
      'Cannot resume from "done/checkpoint-4": in its adapter_model.safetensors "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight" is [8,32], but this run needs [4,32] (lora_rank was 8 and is now 4, lora_alpha was 16 and is now 8); use the model and the method of its run, or set overwrite_output_dir to start over',
  },
  {
    name: "a run to resume with another method",
    run: `${SFT} --output-dir done --max-steps 6 --resume --finetuning-type full`,
    code: 2,
    says:
      'Cannot resume from "done/checkpoint-4": it has no model.safetensors, which this run needs (finetuning_type was lora and is now full); use the model and the method of its run, or set overwrite_output_dir to start over',
  },
  {
    name: "a run to resume with another optimizer",
    run: `${AGAIN} --resume --optim sgd`,
    code: 2,
    says:
      'Cannot resume from "done/checkpoint-4": its optimizer.safetensors has 56 tensors, but this run needs 0 (optim was adamw_torch and is now sgd); use the model, the method and the optimizer of its run, or set overwrite_output_dir to start over',
  },
  {
    name: "a run to resume with momentum that it did not have",
    run: `${AGAIN} --resume --optim sgd --optim-args momentum=0.9`,
    code: 2,
    says:
      'Cannot resume from "done/checkpoint-4": its optimizer.safetensors has no "momentum_buffer.model.layers.0.self_attn.q_proj.lora_A.weight", which this run needs (optim was adamw_torch and is now sgd, optim_args was not set and is now momentum=0.9); use the model, the method and the optimizer of its run, or set overwrite_output_dir to start over',
  },
  {
    name: "a run to start over with a broken model",
    run: `${AGAIN} --overwrite-output-dir`,
    spoil: (p) => p.cut("nano/model.safetensors", 50_000),
    code: 2,
    says:
      'Cannot load "nano/model.safetensors": it is cut short (47864 of 164480 bytes of tensors); fetch it again, the copy is incomplete',
  },
  {
    name: "a run to resume with a broken model",
    run: AGAIN,
    spoil: (p) => p.cut("nano/model.safetensors", 50_000),
    code: 2,
    says:
      'Cannot load "nano/model.safetensors": it is cut short (47864 of 164480 bytes of tensors); fetch it again, the copy is incomplete',
  },
  {
    name: "a learning rate that blows up",
    run: `${SFT} --full --learning-rate 1e38 --max-steps 20 --lr-scheduler-type constant --max-grad-norm 0`,
    code: 4,
    says:
      "Cannot continue training at step 6: loss or gradient was not finite 5 steps in a row; the weights are those of the last finite step (checkpoint-6); lower learning_rate or check the data",
    leaves: /^out/,
  },
  {
    name: "an export without a folder",
    run: "export --model nano",
    code: 2,
    says: "Cannot export without export_dir: set it in the file or with --export-dir",
  },
  {
    name: "an export into the model",
    run: "export --model nano --export-dir nano",
    code: 2,
    says:
      'Cannot use export_dir = "nano" (--export-dir) with model_name_or_path = "nano" (--model-name-or-path): the export would overwrite the model; choose another folder',
  },
  {
    name: "an export into the adapter",
    run: "export --model nano --adapter done --export-dir ./done",
    code: 2,
    says: 'Cannot export to "./done": it holds weights that the export reads; choose another --export-dir',
  },
  {
    name: "an export into a file",
    run: "export --model nano --export-dir qa.json",
    code: 2,
    says: 'Cannot export to "qa.json": it is a file; name a folder with --export-dir',
  },
  {
    name: "an export onto a full disk",
    run: "export --model nano --export-dir out/a",
    code: 6,
    says:
      'Cannot write "out/a/model.safetensors": no space left on device ({n} are free); make room or choose another folder',
    ...mounted("size=100k"),
    leaves: /^out/,
  },
  {
    name: "an export of files larger than nothing",
    run: "export --model nano --export-dir out --export-size 0",
    code: 2,
    says: "Cannot use export_size = 0 (--export-size): it must be more than 0",
  },
  {
    name: "chat with a model that is not there",
    run: "chat --model nowhere --prompt hi",
    code: 2,
    says:
      'Cannot load "nowhere": there is no such folder, and no model has this short name; give a folder, org/name, or a name that ftx models search lists',
  },
  {
    name: "chat with an adapter that is not there",
    run: "chat --model nano --adapter nowhere --prompt hi",
    code: 2,
    says:
      'Cannot load "nowhere": there is no such folder; give an adapter\'s folder as PEFT saves it, or org/name at the hub',
  },
];

function locked(place: Place): Disposable {
  const file = Deno.openSync(place.path("done/.lock"), { create: true, write: true });
  file.lockSync(true);
  file.writeSync(new TextEncoder().encode(JSON.stringify({ pid: 4711, host: Deno.hostname() })));
  return { [Symbol.dispose]: () => file.close() };
}

/** A small or read-only file system at `out`, where this may be made. */
function mounted(options: string): Pick<Case, "meanwhile" | "skip"> {
  return {
    skip: () => Deno.uid() === 0 ? undefined : "only root can mount a disk",
    meanwhile: (place) => {
      const at = place.path("out");
      Deno.mkdirSync(at);
      new Deno.Command("mount", { args: ["-t", "tmpfs", "-o", options, "tmpfs", at] }).outputSync();
      return {
        [Symbol.dispose]: () => {
          new Deno.Command("umount", { args: [at] }).outputSync();
          Deno.removeSync(at);
        },
      };
    },
  };
}

function flip(name: string) {
  return (place: Place) => {
    const bytes = place.read(name);
    bytes[bytes.length - 1] ^= 1;
    place.write(name, bytes);
  };
}

function onlyModel(place: Place) {
  place.remove("done/checkpoint-2", "done/checkpoint-4/optimizer.safetensors");
}
