// @ts-check
/* Where ONNX Runtime Web finds its WebAssembly: compressed, for a plain server sends it as it is. */

export async function module() {
  const response = await fetch(new URL("./vendor/ort-wasm-simd-threaded.wasm.gz", import.meta.url));
  if (!response.ok) throw new Error(`${response.url} is not there (${response.status})`);
  const unpacked = response.body.pipeThrough(new DecompressionStream("gzip"));
  return { wasmBinary: await new Response(unpacked).arrayBuffer() };
}
