import { snakeCase } from "../settings/spelling.ts";
import { keep, scope, Tensor } from "../tensor/mod.ts";

/** A tensor that a module owns and an optimizer may change. */
export type Parameter = Tensor & { readonly parameter: true };

/** Makes a tensor a parameter: it outlives its scope until its module is disposed, and is frozen until `requiresGrad()`. */
export function parameter(t: Tensor): Parameter {
  return Object.assign(keep(t), { parameter: true as const });
}

/**
 * A part of a model. Public fields that hold parameters or modules, alone or in arrays, are what it consists of, and their path
 * is their name in a checkpoint: `layers[0].selfAttn.qProj.weight` is `layers.0.self_attn.q_proj.weight`. `#private` fields
 * are not saved.
 */
export abstract class Module<In extends unknown[] = [Tensor], Out = Tensor> {
  /** The computation. Subclasses implement it; callers use `call`. */
  protected abstract forward(...inputs: In): Out;

  /** Runs `forward` in its own scope: temporaries are released, and the result moves to the caller's scope. */
  call(...inputs: In): Out {
    return scope(() => this.forward(...inputs));
  }

  /** The name of a field in checkpoints. With "" the parameters of that part get the path of this module itself. */
  protected nameOf(field: string): string {
    return snakeCase(field);
  }

  /** All parameters with their checkpoint names, in field order. */
  *parameters(path = ""): Generator<[string, Parameter]> {
    for (const [at, part] of this.#parts(path)) {
      if (part instanceof Module) yield* part.parameters(at);
      else yield [at, part];
    }
  }

  /** All modules below this one, parents first, each with its path and a function that replaces it. */
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

  /** Disposes all parameters. */
  [Symbol.dispose]() {
    for (const [, p] of this.parameters()) p[Symbol.dispose]();
  }
}

/** A module and its place in the model. */
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

/** Replaces the value of a parameter, so that every reference to the parameter sees the new one; the old value is disposed. */
export function replaceValue(p: Parameter, value: Tensor) {
  const wants = p.wantsGrad;
  p.requiresGrad(false);
  keep(value);
  [p.handle, value.handle] = [value.handle, p.handle];
  value[Symbol.dispose]();
  p.requiresGrad(wants);
}
