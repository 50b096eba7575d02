/** Whether CUDA could run here: the driver's library is there, whatever tools are installed. */
export function hasNvidiaDriver(): boolean {
  try {
    Deno.dlopen("libcuda.so.1", {}).close();
    return true;
  } catch {
    return false;
  }
}
