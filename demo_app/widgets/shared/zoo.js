// @ts-check
/* All that widgets share, in one name: import * as zoo from "../shared/zoo.js". */

export * from "./address.js";
export * from "./words.js";
export * from "./look.js";
export * from "./live.js";
export { serverless } from "./recorded.js";
export { able, answered, chooseWho, loading, wanted } from "./twins.js";
export * from "./controls.js";
export * from "./random.js";
export * from "./arrays.js";
export * from "./signals.js";
export * from "./color.js";
export * from "./grid.js";
export * from "./soft.js";
export * from "./player.js";
export * from "./save.js";
export * from "./photo.js";
export * from "./face.js";
export * from "./picture.js";
export * from "./chooser.js";
export * from "./pens.js";
export * from "./digits.js";
export * from "./plane.js";
export * from "./field.js";
export * from "./chart.js";
export * from "./draws.js";
export * from "./coded.js";
export { widget } from "./widget.js";
