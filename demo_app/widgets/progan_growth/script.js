// @ts-check
import { levelWords } from "../progan_stages/script.js";
import * as zoo from "../shared/zoo.js";

export default zoo.widget({
  name: "progan-growth",
  state: ({ images_seen }) => ({ moment: images_seen.length - 1 }),
  ranges: ({ images_seen }) => ({ moment: [0, images_seen.length - 1] }),
  setup({ props, server, part, find, ask }) {
    const { resolutions, images_seen: seen, level, stay, fade } = props.data;
    const bitmaps = new Map(); // by the moment, what came of it
    let shown = null; // the moment that is on the screen

    const player = new zoo.Player(find("player"), {
      seconds: 8,
      show: (moment) => {
        if (!player.playing) part.set({ moment });
        if (bitmaps.has(moment)) show(moment);
        else askMoment({ k: moment });
      },
    });
    player.span(0, seen.length - 1);
    player.toggleButton.addEventListener("click", () => part.set({ moment: player.frame }));

    const askMoment = ask(server.moment, async (answer, { k }) => {
      const bytes = zoo.bytes(answer.sheet);
      bitmaps.set(k, await createImageBitmap(new Blob([bytes], { type: "image/png" })));
      if (k === player.frame) show(k);
    });

    function show(moment) {
      shown = moment;
      const canvas = find("sheet");
      const bitmap = bitmaps.get(moment);
      if (canvas.width !== bitmap.width) Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
      canvas.getContext("2d").drawImage(bitmap, 0, 0);
      canvas.dataset.moment = String(moment);
      zoo.afterFrame(read);
    }

    function read() {
      if (shown === null) return;
      const words = zoo.t("progan.seen", {
        seen: zoo.number(seen[shown]),
        size: levelWords(level[shown], resolutions),
      });
      find("told").textContent = words;
      player.scrubber.setAttribute("aria-valuetext", words);
      draw();
    }

    /* The resolution over the images seen, a step for each block; the bands are its fades. */
    function draw() {
      const canvas = find("chart");
      if (!canvas.clientWidth) return;
      const context = zoo.sharp(canvas);
      const [width, height] = [canvas.clientWidth, canvas.clientHeight];
      const [left, right, top, bottom] = [44, width - 8, 10, height - 22];
      const [total, last] = [seen.at(-1) || 1, resolutions.length - 1];
      const x = (images) => left + (Math.min(images, total) / total) * (right - left);
      const y = (k) => bottom - (k / last) * (bottom - top);
      context.font = `11px ${getComputedStyle(canvas).fontFamily}`;
      context.fillStyle = zoo.token("line");
      for (let k = 0; k < last; k++) {
        const start = k * (stay + fade) + stay;
        if (start < total) context.fillRect(x(start), top, x(start + fade) - x(start), bottom - top);
      }
      context.fillStyle = zoo.token("muted");
      context.textBaseline = "middle";
      context.textAlign = "right";
      resolutions.forEach((size, k) => context.fillText(zoo.t("progan.size", { size }), left - 6, y(k)));
      context.textBaseline = "alphabetic";
      context.fillText(zoo.t("progan.axis", { seen: zoo.number(total) }), right, height - 6);
      context.strokeStyle = zoo.token("accent");
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(x(0), y(0));
      for (let k = 0; k < last; k++) {
        const start = k * (stay + fade) + stay;
        if (start >= total) break;
        const reached = Math.min(1, (total - start) / fade);
        context.lineTo(x(start), y(k));
        context.lineTo(x(start + reached * fade), y(k + reached));
      }
      context.lineTo(x(total), y(level.at(-1)));
      context.stroke();
      if (shown === null) return;
      context.fillStyle = zoo.token("accent");
      context.beginPath();
      context.arc(x(seen[shown]), y(level[shown]), 5, 0, 2 * Math.PI);
      context.fill();
    }
    new ResizeObserver(draw).observe(find("chart"));

    zoo.onChange(zoo.tab, (key) => key !== "progan" && player.pause());

    return {
      restore() {
        player.seek(part.get("moment"));
      },
      reset() {
        player.pause();
        return part.defaults;
      },
      paint: draw,
      words: read,
      png: () => (shown === null ? null : [zoo.enlarged(find("sheet"), 2), "genzoo-progan-growth.png"]),
      json: () => [{ model: "progan-avatars", images_seen: seen, level }, "genzoo-progan-growth.json"],
    };
  },
});
