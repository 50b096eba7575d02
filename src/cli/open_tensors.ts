/** Loads libtorch for a command that makes tensors. If ftx has no shim for this libtorch, it compiles one, which takes minutes. */
export async function openTensors() {
  const tensors = await import("../tensor/mod.ts"); // not with this module: a command's --help loads none of it
  await tensors.openTensors(async (...missing) => {
    const { ownShim } = await import("../setup/own_shim.ts"); // rarely needed, and brings a compiler's driver
    return ownShim(...missing);
  });
}
