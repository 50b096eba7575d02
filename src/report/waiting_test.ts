import assert from "node:assert/strict";
import { Waiting } from "./waiting.ts";

function output(terminal: boolean) {
  const out = {
    text: "",
    terminal,
    colour: false,
    columns: () => 12,
    write: (text: string) => void (out.text += text),
  };
  return out;
}

Deno.test("Waiting rewrites one line, not too often, and erases it", () => {
  const out = output(true);
  let now = 0;
  {
    using waiting = new Waiting({ out, now: () => now });
    waiting.tell("Reading: 1 %");
    now = 10;
    waiting.tell("never shown");
    now = 100;
    waiting.share("Reading", 0.429);
    waiting.share("Reading", 1);
    waiting.share("Reading", 0.5); // too soon
    waiting.say("A note");
    waiting.clear();
  }
  assert.equal(out.text, "\r\x1b[KReading: 1 \r\x1b[KReading: 42\r\x1b[KA note\n");
});

Deno.test("Waiting writes only sentences where there is no terminal, and nothing with quiet", () => {
  for (const [terminal, quiet] of [[false, false], [true, true]]) {
    const out = output(terminal);
    using waiting = new Waiting({ out, quiet });
    waiting.tell("x");
    waiting.say("A note");
    assert.equal(out.text, quiet ? "" : "A note\n");
  }
});
