/** A function that a model may call, as OpenAI describes one. */
export interface Tool {
  readonly name: string;
  readonly description?: string;
  readonly parameters?: {
    readonly properties?: Record<string, Parameter>;
    readonly required?: readonly string[];
  };
}

/** What is told of one argument. */
export interface Parameter {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly items?: { readonly type?: string };
}

/** A call of a tool. */
export interface Call {
  readonly name: string;
  readonly arguments: unknown;
}

/** How tools are described to a family of models, and how it writes a call: in TypeScript, and the same in Jinja. */
export interface ToolFormat {
  /** The text that follows the system prompt. */
  describe(tools: readonly Tool[]): string;
  /** The answer that makes these calls. */
  call(calls: readonly Call[]): string;
  /** What stands between the text of an answer and the calls that follow it. */
  readonly afterText: string;
  /** `describe` as the body of a Jinja macro that reads `tools`. */
  readonly describeJinja: readonly string[];
  /** `call` as the body of a Jinja macro that reads `calls`. */
  readonly callJinja: readonly string[];
}

/** A tool as OpenAI's clients send it. */
export const wrapped = (tool: Tool) => ({ type: "function", function: tool });

/** Jinja that opens a loop over tools, each without its wrapper. */
export const EACH_TOOL =
  "{%- for tool in tools %}\n{%- set tool = tool.function if tool.function is defined else tool %}";

/** Jinja that opens a loop over wrapped tools. */
export const EACH_WRAPPED_TOOL = "{%- for tool in tools %}\n" +
  "{%- set tool = {'type': 'function', 'function': tool.function if tool.function is defined else tool} %}";

/**
 * Jinja that opens a loop over calls, each without its wrapper, with the JSON text of its `name` and `given` arguments.
 * Arguments that are text already are taken as they are: Jinja cannot parse them.
 */
export const EACH_CALL = "{%- for call in calls %}\n" +
  "{%- set call = call.function if call.function is defined else call %}\n" +
  "{%- set name = call.name | tojson %}\n" +
  "{%- set given = call.arguments or call.parameters or {} %}\n" +
  "{%- set given = given if given is string else given | tojson %}";
