import assert from "node:assert/strict";
import { nvidiaLibrary, openWith } from "./nvidia.ts";

/** A loader for which each library needs others; it has the loader's words for one that is not open yet. */
function loader(needs: Record<string, string[]>) {
  const opened: string[] = [];
  const open = (path: string) => {
    const missing = needs[path.replace(/.*\//, "")]?.find((name) => !opened.some((other) => other.endsWith(name)));
    if (missing) throw new Error(`Could not open library: ${missing}: cannot open shared object file: No such file`);
    opened.push(path);
  };
  return { open, opened };
}

Deno.test("openWith() opens what is missing first, and what that misses before it", () => {
  const { open, opened } = loader({
    "libtorch_cuda.so": ["libcublas.so.13", "libcudart.so.13"],
    "libcublas.so.13": ["libcublasLt.so.13"],
  });
  openWith("/torch/lib/libtorch_cuda.so", open, (name) => `/nvidia/cu13/lib/${name}`);
  assert.deepEqual(opened.map((path) => path.replace(/.*\//, "")), [
    "libcublasLt.so.13",
    "libcublas.so.13",
    "libcudart.so.13",
    "libtorch_cuda.so",
  ]);
});

Deno.test("openWith() hands on the loader's words where a library is nowhere, or stays missing", () => {
  const { open } = loader({ "a.so": ["libx.so.1"] });
  assert.throws(() => openWith("/a.so", open, () => undefined), /libx\.so\.1: cannot open/);
  const never = () => {
    throw new Error("libx.so.1: cannot open shared object file");
  };
  assert.throws(() => openWith("/a.so", never, () => undefined), /libx/);
  assert.throws(() => openWith("/a.so", (path) => path === "/a.so" && never(), (name) => `/${name}`), /libx/);
});

Deno.test("nvidiaLibrary() looks beside libtorch, also where its folder is a link", () => {
  const site = Deno.makeTempDirSync();
  try {
    for (const folder of ["real/torch", "real/nvidia/cu13/lib", "elsewhere"]) {
      Deno.mkdirSync(`${site}/${folder}`, { recursive: true });
    }
    Deno.writeTextFileSync(`${site}/real/nvidia/cu13/lib/libcublas.so.13`, "");
    Deno.symlinkSync(`${site}/real/torch`, `${site}/elsewhere/torch`);
    for (const root of ["real/torch", "elsewhere/torch"]) {
      const place = nvidiaLibrary(`${site}/${root}`)("libcublas.so.13");
      assert.equal(
        place && Deno.realPathSync(place),
        Deno.realPathSync(`${site}/real/nvidia/cu13/lib/libcublas.so.13`),
      );
    }
    assert.equal(nvidiaLibrary(`${site}/real/torch`)("libnowhere.so.1"), undefined);
  } finally {
    Deno.removeSync(site, { recursive: true });
  }
});
