// @ts-check
/* Where ONNX Runtime Web finds its WebAssembly. A page without a server has another such file. */

export const module = async () => ({
  wasmPaths: { wasm: new URL("./vendor/ort-wasm-simd-threaded.wasm", import.meta.url).href },
});
