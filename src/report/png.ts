/** Loaded at the first drawing only: 2.5 MB of WebAssembly and fonts would slow down every start. */
let ready: Promise<{ resvg: typeof import("@resvg/resvg-wasm"); fonts: Uint8Array[] }> | undefined;

async function load() {
  const resvg = await import("@resvg/resvg-wasm");
  await import("@expo-google-fonts/lato/package.json", { with: { type: "json" } }); // makes Deno fetch the package
  const read = (name: string) => Deno.readFile(new URL(import.meta.resolve(name)));
  await resvg.initWasm(await read("@resvg/resvg-wasm/index_bg.wasm") as Uint8Array<ArrayBuffer>);
  const fonts = await Promise.all([
    read("@expo-google-fonts/lato/400Regular/Lato_400Regular.ttf"),
    read("@expo-google-fonts/lato/700Bold/Lato_700Bold.ttf"),
  ]);
  return { resvg, fonts };
}

/** Renders an SVG document as a PNG, `zoom` times as large. Ships its own font, because a server may have none. */
export async function png(svg: string, zoom = 2): Promise<Uint8Array> {
  const { resvg, fonts } = await (ready ??= load());
  const drawing = new resvg.Resvg(svg, {
    fitTo: { mode: "zoom", value: zoom },
    font: { fontBuffers: fonts, defaultFontFamily: "Lato", sansSerifFamily: "Lato" },
  });
  try {
    return drawing.render().asPng();
  } finally {
    drawing.free();
  }
}
