// @ts-check
/* Photos that people bring: chosen with a button, or dropped. */

import { make } from "./controls.js";
import { number, t } from "./words.js";

const MAX_BYTES = 5000000; // of a file that is sent
const [MAX_PIXELS, MAX_SIDE] = [16e6, 16000];
const LONGEST = 512; // pixels of the longer side of one that is made smaller first

/* `button` opens the chooser of `input`, a hidden <input type="file">; a file may be dropped on
   `stage`, too. open(text) has the file as base64, "" when it is empty; refuse(sentence) is told
   why one cannot be sent. */
export function takePhotos({ button, input, stage, open, refuse }) {
  async function send(file) {
    const blob = file.size > MAX_BYTES || (await isLarge(file)) ? await smaller(file) : file;
    if (!blob) {
      return refuse(t("zoo.photo_too_large", { size: number(file.size / 1e6, 1) }));
    }
    if (!blob.size) return open("");
    const reader = new FileReader();
    reader.onload = () => open(String(reader.result).split(",")[1]);
    reader.onerror = () => refuse(t("zoo.photo_unread"));
    reader.readAsDataURL(blob);
  }

  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    if (input.files.length) send(input.files[0]);
    input.value = ""; // so that the same file may be chosen again
  });
  stage.addEventListener("dragover", (event) => {
    event.preventDefault();
    stage.classList.add("over");
  });
  stage.addEventListener("dragleave", () => stage.classList.remove("over"));
  stage.addEventListener("drop", (event) => {
    event.preventDefault();
    stage.classList.remove("over");
    if (event.dataTransfer.files.length) send(event.dataTransfer.files[0]);
  });
}

/* More pixels than the server decodes (demo_app/photos.py). */
async function isLarge(file) {
  if (file.size < 1e6) return false;
  try {
    const { width, height } = await createImageBitmap(file);
    return width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE;
  } catch {
    return false; // no picture that this browser knows; the server may
  }
}

async function smaller(file) {
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
    const size = {
      width: Math.max(1, Math.round(bitmap.width * scale)),
      height: Math.max(1, Math.round(bitmap.height * scale)),
    };
    const canvas = make("canvas", size);
    canvas.getContext("2d").drawImage(bitmap, 0, 0, size.width, size.height);
    bitmap.close();
    return await new Promise((done) => canvas.toBlob(done, "image/png"));
  } catch {
    return null; // no picture that this browser knows
  }
}
