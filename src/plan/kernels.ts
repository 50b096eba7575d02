import type { Kind } from "./ledger.ts";
import type { Shadow, Store, Tape } from "./tape.ts";

// N tokens, S supervised ones, D hidden, H heads, K key/value heads, C channels of a head, I inputs, O outputs, R rank,
// F feed-forward width, V vocabulary.

const F32 = 4; // bytes

/** Rows of logits that exist at once, of a frozen head and of one that trains: ffi/kernels/cross_entropy.cpp. */
const CHUNK = { cpu: 256, cuda: 2048, trained: 1024 };

/** Rows and columns of a tile of attention, to which each document's softmax sums are rounded: ffi/kernels/attention.cpp. */
const TILE = 64;

/** A frozen or trained projection: its weight, its bias, its branch. */
export interface Layer {
  inputs: number;
  outputs: number;
  weight: Shadow;
  bias?: Shadow;
  branch?: { a: Shadow; b: Shadow; rank: number; dropout: number };
}

/**
 * What each operator of a forward pass makes, saves for its backward, and makes there: the operators of ffi/kernels and the
 * few of libtorch that a model is made of. A method's comment names what is saved; the code it follows is the kernel's.
 */
export class Kernels {
  /** @param width bytes of an element of hidden states */
  constructor(
    readonly tape: Tape,
    readonly width: number,
    readonly device: "cpu" | "cuda",
    readonly threads: number,
  ) {}

  /** Ids -> [N, D]. Saves the ids, which are small; its gradient is as large as the table. */
  embedding(table: Shadow, tokens: number, channels: number): Shadow {
    const { tape } = this;
    const y = tape.tensor(tokens * channels, this.width);
    return tape.record(y, { inputs: [table], backward: () => [tape.flow(table.size * this.width)] });
  }

  /** [N, I] -> [N, O]. Saves x where the weight trains. */
  linear(x: Shadow, layer: Layer): Shadow {
    if (layer.branch) return this.#lora(x, layer, layer.branch);
    const { tape, width } = this, { inputs: I, outputs: O, weight, bias } = layer, N = x.size / I;
    const y = tape.tensor(N * O, width);
    return tape.record(y, {
      inputs: [x, weight, ...bias ? [bias] : []],
      saved: weight.wantsGrad ? [x] : [],
      backward: () => [
        x.wantsGrad ? tape.flow(N * I * width) : undefined,
        weight.wantsGrad ? tape.flow(I * O * width) : undefined,
        ...bias ? [bias.wantsGrad ? tape.flow(O * width) : undefined] : [],
      ],
    });
  }

  /**
   * The same with a branch. Saves x as the branch sees it, after dropout, and x Aᵀ [N, R]; both halves of the branch are
   * rounded to the type of x for each product, and their gradients come in that type first.
   */
  #lora(x: Shadow, { inputs: I, outputs: O }: Layer, { a, b, rank: R, dropout }: NonNullable<Layer["branch"]>): Shadow {
    const { tape, width } = this, N = x.size / I, narrow = width === F32 ? 0 : width;
    const seen = dropout > 0 ? this.dropout(x) : x;
    const low = tape.tensor(N * R, width);
    const y = tape.tensor(N * O, width);
    const rounded = (size: number, fn: () => Store) => tape.during(size * narrow, fn);
    tape.record(y, {
      inputs: [x, seen, a, b],
      saved: [seen, low],
      backward: () =>
        tape.during(N * R * width, () => { // gradient of x Aᵀ
          const da = rounded(R * I, () => tape.flow(R * I * F32)), db = rounded(O * R, () => tape.flow(O * R * F32));
          const dx = x.wantsGrad ? tape.flow(N * I * width) : undefined;
          const dropped = seen !== x && seen.wantsGrad ? tape.flow(N * I * width) : undefined;
          return [dx, dropped, da, db];
        }),
    });
    tape.end(low); // a local of the kernel: whatever of it is saved stays
    return y;
  }

  /** Saves the noise, as large as x, where a gradient goes on. */
  dropout(x: Shadow): Shadow {
    const { tape, width } = this;
    const noise = tape.tensor(x.size, width), y = tape.tensor(x.size, width);
    tape.record(y, { inputs: [x], saved: [noise], backward: () => [tape.flow(x.size * width)] });
    tape.end(noise);
    return y;
  }

  /** Saves x and a number a row. `row`: channels of a row. */
  rmsNorm(x: Shadow, weight: Shadow, row: number): Shadow {
    const { tape, width } = this, rows = x.size / row, D = weight.size;
    const y = tape.tensor(x.size, width), deviations = tape.tensor(rows, F32);
    tape.record(y, {
      inputs: [x, weight],
      saved: [x, deviations],
      backward: () => {
        const dx = tape.flow(x.size * width); // made in any case
        if (!x.wantsGrad) tape.drop(dx);
        const parts = weight.wantsGrad ? this.threads * D * F32 : 0; // a sum for each thread
        const dw = tape.during(parts, () => weight.wantsGrad ? tape.flow(D * width) : undefined);
        return [x.wantsGrad ? dx : undefined, dw];
      },
    });
    tape.end(deviations);
    return y;
  }

  /** Saves the tables of angles only, which every layer shares. */
  rope(x: Shadow): Shadow {
    const { tape, width } = this;
    return tape.record(tape.tensor(x.size, width), { inputs: [x], backward: () => [tape.flow(x.size * width)] });
  }

  /**
   * Saves q, k, v, its result, and the logarithm of a softmax's sum for each row and head: FlashAttention's. On GPUs its
   * backward sums the gradient of q in fp32, and those of k and v for each head that shares them.
   */
  attention(q: Shadow, k: Shadow, v: Shadow, heads: number, lengths: readonly number[]): Shadow {
    const { tape, width } = this, gpu = this.device === "cuda";
    const rows = lengths.reduce((sum, T) => sum + (gpu ? T : Math.ceil(T / TILE) * TILE), 0);
    const y = tape.tensor(q.size, width), sums = tape.tensor(heads * rows, F32);
    const shared = k.size === q.size ? 0 : 2 * q.size * width;
    tape.record(y, {
      inputs: [q, k, v],
      saved: [q, k, v, y, sums],
      backward: () => {
        const gradients = () => [q, k, v].map((x) => tape.flow(x.size * width)); // all three, whoever wants them
        const made = tape.during(gpu ? q.size * F32 + shared : 0, gradients);
        return [q, k, v].map((x, i) => x.wantsGrad ? made[i] : void tape.drop(made[i]));
      },
    });
    tape.end(sums);
    return y;
  }

  /** silu(gate) · up. Saves both; composed of libtorch's operators (GPUs), its backward needs one more of their size. */
  swiglu(gate: Shadow, up: Shadow): Shadow {
    const { tape, width } = this;
    const more = this.device === "cuda" ? gate.size * width : 0;
    return tape.record(tape.tensor(gate.size, width), {
      inputs: [gate, up],
      saved: [gate, up],
      backward: () => {
        const made = tape.during(more, () => [gate, up].map((x) => tape.flow(x.size * width)));
        return [gate, up].map((x, i) => x.wantsGrad ? made[i] : void tape.drop(made[i]));
      },
    });
  }

  /** Saves nothing; its gradient is that of both, one memory. */
  add(x: Shadow, y: Shadow): Shadow {
    const { tape } = this;
    const sum = tape.tensor(x.size, this.width);
    return tape.record(sum, {
      inputs: [x, y],
      backward: (g) => [x.wantsGrad ? g : undefined, y.wantsGrad ? g : undefined],
    });
  }

  /** Some rows of x. Its gradient is as large as x. */
  rows(x: Shadow, size: number): Shadow {
    const { tape, width } = this;
    const y = tape.tensor(size, width);
    return tape.record(y, { inputs: [x], backward: () => [tape.flow(x.size * width)] });
  }

  /**
   * The head and its loss. Logits exist for a chunk of rows; the gradients of x and of the weight are made with them and
   * are what is saved. A trained weight's gradient is summed over several chunks in fp32, and rounded in the end.
   */
  headLoss(x: Shadow, weight: Shadow, channels: number): Shadow {
    const { tape, width } = this, S = x.size / channels, V = weight.size / channels;
    const dx = tape.recording && x.wantsGrad, dw = tape.recording && weight.wantsGrad;
    const chunk = Math.min(S, dw ? CHUNK.trained : CHUNK[this.device]);
    const small = [tape.tensor(S, F32), tape.tensor(S, 2 * F32, "temporary")]; // what was right, and targets as 64 bits
    const loss = tape.tensor(1, F32);
    const hidden = dx ? tape.tensor(x.size, width, "logits") : undefined;
    let sum: Shadow | undefined;
    for (let from = 0; from < S; from += chunk) {
      this.#chunk(Math.min(chunk, S - from) * V, () => {
        if (!dw) return;
        const part = (kind: Kind) => tape.tensor(weight.size, width, kind);
        if (chunk === S || width === F32 && !sum) sum = part("gradients");
        else if (!sum) {
          const narrow = part("temporary");
          sum = tape.tensor(weight.size, F32, "gradients");
          tape.end(narrow);
        } else if (width !== F32) { // added to the wider sum, on CPUs by way of a copy as wide
          const narrow = part("temporary");
          tape.during(this.device === "cpu" ? weight.size * F32 : 0, () => {});
          tape.end(narrow);
        }
      });
    }
    const wide = sum;
    if (wide && width !== F32 && chunk < S) {
      sum = tape.tensor(weight.size, width, "gradients");
      tape.record(loss, this.#headBackward(x, weight, hidden, sum));
      tape.end(wide);
    } else tape.record(loss, this.#headBackward(x, weight, hidden, sum));
    for (const made of [hidden, sum, small[1]]) if (made) tape.end(made);
    return loss;
  }

  /** The logits of some rows, for as long as `fn` takes. Composed, their logarithms in fp32 and their gradient exist too. */
  #chunk(size: number, fn: () => void) {
    const { tape, width } = this;
    tape.during(size * width, () => {
      if (this.device === "cuda") tape.during(size * (F32 + width), () => {}, "logits");
      fn();
    }, "logits");
  }

  #headBackward(x: Shadow, weight: Shadow, dx?: Shadow, dw?: Shadow) {
    const saved = [dx, dw].filter((made) => made !== undefined);
    const scaled = (made?: Shadow) =>
      made && (this.device === "cuda" ? this.tape.flow(made.size * this.width) : made.store); // times 1 is itself on a CPU
    return { inputs: [x, weight], saved, backward: () => [scaled(dx), scaled(dw)] };
  }
}
