// @ts-check
/* Arrays as demo_app/wire.py writes them. In the URL base64 has - and _ for + and /. */

export function bytes(text) {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

export const float32 = (text) => new Float32Array(bytes(text).buffer);

export function int16(text, scale) {
  const view = new DataView(bytes(text).buffer);
  const values = new Float32Array(view.byteLength / 2);
  for (let i = 0; i < values.length; i++) values[i] = view.getInt16(2 * i, true) / scale;
  return values;
}

/* Bytes as the server reads them. */
export function base64(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192)); // more arguments are too many
  }
  return btoa(text);
}

const forURL = (text) => text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

export const urlBytes = (bytes) => forURL(base64(bytes));

export function packBits(bits) {
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (let i = 0; i < bits.length; i++) if (bits[i]) bytes[i >> 3] |= 128 >> (i & 7);
  return base64(bytes);
}

/* n bits, or null when the text is no base64 of so many. */
export function unpackBits(text, n) {
  let packed;
  try {
    packed = bytes(text.replace(/-/g, "+").replace(/_/g, "/"));
  } catch {
    return null;
  }
  if (packed.length !== Math.ceil(n / 8)) return null;
  return Uint8Array.from({ length: n }, (_, i) => (packed[i >> 3] >> (7 - (i & 7))) & 1);
}

export const urlBits = (bits) => forURL(packBits(bits));

/* Levels from 0 to 255 as numbers from 0 to 1, for a file. */
export const fractions = (levels) => Array.from(levels, (v) => v / 255);

/* The k-th image of `size` numbers, of images that lie one after the other. */
export const nth = (images, k, size = 784) => images.subarray(k * size, (k + 1) * size);
