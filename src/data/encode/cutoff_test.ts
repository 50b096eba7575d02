import assert from "node:assert/strict";
import { CONTENT, template, TEMPLATES } from "../../../templates/mod.ts";
import { chatml, lengthOf, shown, talk, tokenizer, user } from "../../../tests/support/encoded.ts";
import { encodeConversations } from "./conversation.ts";

const efficient = template({ name: "e", user: [`Q: ${CONTENT}\nA: `], assistant: [CONTENT], efficientEos: true });

Deno.test("encodeConversations() leaves turns out from the end when they do not fit", async () => {
  const conversation = talk("a", "b", "c", "d");
  const first = await lengthOf(talk("a", "b"));
  assert.equal(await shown(conversation, { cutoffLen: first }), `${user("a")}⟦b<|im_end|>\n⟧`);
  const edge = (await lengthOf(conversation)) - 2;
  assert.equal(await shown(conversation, { cutoffLen: edge }), `${user("a")}⟦b<|im_end|>\n⟧${user("c")}⟦d⟧`);
});

Deno.test("encodeConversations() leaves turns out from the start with maskHistory, but not the system prompt", async () => {
  const conversation = { ...talk("a", "b", "c", "d"), system: "s" };
  const last = await lengthOf({ ...talk("c", "d"), system: "s" });
  assert.equal(
    await shown(conversation, { cutoffLen: last + 3, maskHistory: true }),
    `<|im_start|>system\ns<|im_end|>\n${user("c")}⟦d<|im_end|>\n⟧`,
  );
});

Deno.test("encodeConversations() shortens a system prompt inside its message; the template's marks stay", async () => {
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789".split("").join(" ");
  for (let cutoffLen = 40; cutoffLen < 60; cutoffLen++) {
    const long = await shown({ ...talk("Why?", "yes"), system: letters }, { cutoffLen });
    assert.match(
      long,
      /^<\|im_start\|>system\na b c [^<]*<\|im_end\|>\n<\|im_start\|>user\nWhy\?<\|im_end\|>\n<\|im_start\|>assistant\n⟦yes<\|im_end\|>\n⟧$/,
    );
    const both = await shown({ ...talk(letters, "yes"), system: letters }, { cutoffLen });
    assert.match(
      both,
      /^<\|im_start\|>system\na [^<]*<\|im_end\|>\n<\|im_start\|>user\n[^<]*9<\|im_end\|>\n<\|im_start\|>assistant\n⟦yes<\|im_end\|>\n⟧$/,
    );
  }
  const [one] = await encodeConversations([{ ...talk("Why?", "yes"), system: letters }], chatml, tokenizer, {
    cutoffLen: 40,
  });
  assert.ok("cut" in one && one.cut === "system" && one.ids.length === 40);
});

Deno.test("encodeConversations() shortens a template's own system prompt, and keeps tools whole", async () => {
  const qwen = { ...TEMPLATES.qwen, defaultSystem: "You are a helpful assistant. ".repeat(20) };
  assert.match(
    await shown(talk("Why?", "yes"), { cutoffLen: 60 }, qwen),
    /^<\|im_start\|>system\nYou are[^<]*<\|im_end\|>\n.*\nWhy\?/s,
  );
  const tools = JSON.stringify([{ name: "f" }]);
  const text = await shown(
    { ...talk("Why?", "yes"), system: "Be brief. ".repeat(99), tools },
    { cutoffLen: 420 },
    qwen,
  );
  assert.match(text, /^<\|im_start\|>system\nBe brief[^<]*\n\n# Tools.*<tools>\n.*"f".*Why\?/s);
  assert.equal(
    await shown({ ...talk("Why?", "yes"), tools }, { cutoffLen: 60 }, qwen),
    "dropped: cutoff_len has no room for its question and answer",
  );
});

Deno.test("encodeConversations() shortens a question as its answer asks: a thought that the answer has is not read too", async () => {
  const words = "How do I list all images? ".repeat(9);
  const thought = "<think>\nhm\n</think>\n\n";
  for (const enableThinking of [true, false, null]) {
    const used = { ...TEMPLATES.qwen3, enableThinking };
    const short = await shown(talk("Why?", `${thought}b`), {}, used);
    const long = await shown(talk(words, `${thought}b`), { cutoffLen: 80 }, used);
    const after = (text: string) => text.slice(text.indexOf("<|im_end|>"));
    assert.equal(after(long), after(short));
  }
});

Deno.test("encodeConversations() cuts no character in two, wherever it must cut", async () => {
  const long = "日本語😀é".repeat(12);
  let [cut, dropped] = [0, 0];
  for (const used of [chatml, TEMPLATES.llama2, TEMPLATES.alpaca]) {
    for (let cutoffLen = 50; cutoffLen < 90; cutoffLen++) {
      for (
        const conversation of [
          talk("a", long),
          talk(long, "a"),
          { ...talk("a", "b"), system: long },
          talk("a", "b", "c", long),
        ]
      ) {
        const text = await shown(conversation, { cutoffLen }, used);
        assert.doesNotMatch(text, /\ufffd/, text);
        if (text.startsWith("dropped")) dropped++;
        else cut++;
      }
    }
  }
  assert.ok(cut > 3 * dropped, `${cut} ${dropped}`);
});

Deno.test("encodeConversations() shortens a long question in the middle: its end and the answer's header stay", async () => {
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789".split("").join(" ");
  const text = await shown({ ...talk(letters, "yes"), system: "s" }, { cutoffLen: 40 });
  assert.match(text, /^<\|im_start\|>system\ns<\|im_end\|>\n<\|im_start\|>user\n/);
  assert.match(text, / 7 8 9<\|im_end\|>\n<\|im_start\|>assistant\n⟦yes<\|im_end\|>\n⟧$/);
});

Deno.test("encodeConversations() gives a long answer what the question leaves, and learns no end that is not there", async () => {
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789".split("").join(" ");
  const text = await shown(talk("a", letters), { cutoffLen: 30 });
  assert.match(text, /^<\|im_start\|>user\na<\|im_end\|>\n<\|im_start\|>assistant\n⟦a b c [^<]*⟧$/);
  const both = await shown(talk(letters, letters), { cutoffLen: 40 });
  assert.match(both, / 8 9<\|im_end\|>\n<\|im_start\|>assistant\n⟦a b c [^<]*⟧$/);
});

Deno.test("encodeConversations() never gives more than cutoffLen tokens, and always something to learn or a reason", async () => {
  const words = "How do I list all images? ".repeat(9);
  const conversations = [
    talk("a", words),
    talk(words, "a"),
    talk(words, words),
    talk("a", "b", words, words, "c", "d"),
  ];
  for (const used of [chatml, efficient, TEMPLATES.llama2]) {
    for (const maskHistory of [false, true]) {
      for (let cutoffLen = 1; cutoffLen < 120; cutoffLen++) {
        for (const example of await encodeConversations(conversations, used, tokenizer, { cutoffLen, maskHistory })) {
          if ("dropped" in example) assert.match(example.dropped, /^cutoff_len/);
          else {
            assert.ok(example.ids.length <= cutoffLen);
            assert.ok(example.labels.some((label, i) => i > 0 && label !== -100));
          }
        }
      }
    }
  }
});

Deno.test("encodeConversations() drops what cutoff_len has no room for", async () => {
  assert.equal(
    await shown(talk("a b c", "d"), { cutoffLen: 4 }),
    "dropped: cutoff_len has no room for its question and answer",
  );
});
