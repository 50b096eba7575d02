// Generation: tokens from a model, text from tokens, and conversations.
export { type Answer, type AnswerOptions, Chat, type ChatParts, type ChatSettings, loadChat } from "./chat.ts";
export { type Ending, generate, type GenerateOptions, positionsOf } from "./generate.ts";
export { Past } from "./past.ts";
export { Sampler, type Sampling } from "./sampler.ts";
export { chat } from "./talk.ts";
export { TextStream } from "./text_stream.ts";
