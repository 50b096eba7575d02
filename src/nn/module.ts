import { keep, scope, Tensor } from "../tensor/mod.ts";

/** A tensor that a module owns and an optimizer may change. */
export type Parameter = Tensor & { readonly parameter: true };

/** Makes a tensor a parameter: it outlives its scope, and ends with its module. It is frozen until `requiresGrad()`. */
export function parameter(t: Tensor): Parameter {
  return Object.assign(keep(t), { parameter: true as const });
}

/**
 * A piece of a model. Its public fields are its parameters and its parts, and a field's path is its name in a checkpoint:
 * `layers[0].selfAttn.qProj.weight` is `layers.0.self_attn.q_proj.weight`. `#private` fields are not in the checkpoint.
 */
export abstract class Module<In extends unknown[] = [Tensor], Out = Tensor> {
  /** The computation. Write it; call `call`. */
  protected abstract forward(...inputs: In): Out;

  /** Runs `forward` in a scope of its own: temporaries end here, the result moves to the caller's scope. */
  call(...inputs: In): Out {
    return scope(() => this.forward(...inputs));
  }

  /** The name of a field in checkpoints; "" makes a part transparent: its parameters bear this module's own path. */
  protected nameOf(field: string): string {
    return field.replace(/[A-Z]/g, (c) => "_" + c.toLowerCase());
  }

  /** Every parameter with its checkpoint name, in the order of the fields. */
  *parameters(path = ""): Generator<[string, Parameter]> {
    for (const [at, part] of this.#parts(path)) {
      if (part instanceof Module) yield* part.parameters(at);
      else yield [at, part];
    }
  }

  /** Every module below this one with its path, parents first, and the way to put another in its place. */
  *modules(path = ""): Generator<Place> {
    for (const [at, part, put] of this.#parts(path)) {
      if (!(part instanceof Module)) continue;
      yield { path: at, module: part, put };
      yield* part.modules(at);
    }
  }

  *#parts(path: string): Generator<[string, Module | Parameter, (m: Module) => void]> {
    const below = (name: string) => path && name ? `${path}.${name}` : path || name;
    for (const [field, value] of Object.entries(this)) {
      const at = below(this.nameOf(field));
      if (isPart(value)) yield [at, value, (m) => Object.assign(this, { [field]: m })];
      else if (Array.isArray(value)) {
        for (const [i, v] of value.entries()) if (isPart(v)) yield [`${at}.${i}`, v, (m) => value[i] = m];
      }
    }
  }

  /** Ends every parameter. */
  [Symbol.dispose]() {
    for (const [, p] of this.parameters()) p[Symbol.dispose]();
  }
}

/** Where a module stands in its model. */
export interface Place {
  path: string;
  // deno-lint-ignore no-explicit-any
  module: Module<any, any>;
  // deno-lint-ignore no-explicit-any
  put: (module: Module<any, any>) => void;
}

// deno-lint-ignore no-explicit-any
function isPart(v: unknown): v is Module<any, any> | Parameter {
  return v instanceof Module || (v instanceof Tensor && "parameter" in v);
}

/** Gives a parameter another tensor as its value, keeping everybody's reference to it; the old value ends. */
export function replaceValue(p: Parameter, value: Tensor) {
  const wants = p.wantsGrad;
  p.requiresGrad(false);
  keep(value);
  [p.handle, value.handle] = [value.handle, p.handle];
  value[Symbol.dispose]();
  p.requiresGrad(wants);
}
