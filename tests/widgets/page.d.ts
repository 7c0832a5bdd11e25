/* What the page and Gradio add to the browser's own types. */

interface Window {
  gradio_config?: { version?: string; root?: string };
}

interface HTMLCanvasElement {
  /** The pixels that zoo.paintPixels keeps for the next time. */
  zooImage?: ImageData | null;
}
