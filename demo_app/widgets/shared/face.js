/* Faces of 64 x 64 pixels in color, told channel after channel. */
(function () {
  "use strict";

  const zoo = window.zoo;
  const SIDE = 64;
  zoo.FACE = { side: SIDE, pixels: SIDE * SIDE };

  /* Levels 0 to 255, [3 * 64 * 64], onto a canvas of 64 x 64 pixels; or so of several faces. */
  zoo.paintFace = function (canvas, levels) {
    const n = levels.length / 3;
    zoo.paintPixels(canvas, (data) => {
      for (let i = 0; i < n; i++) {
        for (let c = 0; c < 3; c++) data[4 * i + c] = levels[c * n + i];
        data[4 * i + 3] = 255;
      }
    });
  };

  /* A sketch, [64 * 64], 0 being ink, onto one. */
  zoo.paintSketch = function (canvas, levels) {
    zoo.paint(canvas, levels, { map: "ink", low: 255, high: 0 });
  };
})();
