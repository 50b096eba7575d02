/** Loads the tokenizer addon; throws what the system says when it does not load. */
export async function see(): Promise<{ loads: true }> {
  await import("tokenizers");
  return { loads: true };
}
