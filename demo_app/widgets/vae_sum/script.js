// @ts-check
import * as zoo from "../shared/zoo.js";
import { code as codeAbove } from "../vae_code/script.js";

const INPUT = -1; // the id of the image above, in A's chooser
const FIRST = -2; // an id in the address that stands for the example of the data at hand

/* By the choosers' ids: a bold 2 less a fine 2 and a fine 3; a dark shirt with short sleeves less a
   light one and a light pullover with long ones. */
const EXAMPLES = { mnist: { a: 218, b: 206, c: 321 }, fashion: { a: 6, b: 3, c: 201 } };

const TERMS = ["a", "b", "c"];

export default zoo.widget({
  name: "vae-sum",
  state: { a: FIRST, b: FIRST, c: FIRST, s: 1, means: false, seed: 1 },
  limits: { s: [0, 1.5] },
  setup({ part, server, find, all, change, askNew, say }) {
    let code = null; // what the widget above is at: {model, set, x, z}
    let shown = null; // the data whose pictures the choosers hold
    let sum = null; // what `combine` said

    const canvases = all("picture");
    const hosts = all("chooser");
    const choosers = TERMS.map(
      (key, k) =>
        new zoo.Chooser(hosts[k], {
          label: "vae.sum_" + key,
          own: key === "a" ? "vae.own" : undefined,
          onchoose: (id) => change({ [key]: id }),
        })
    );

    /* Ask and show */

    const askCombine = askNew(server.combine, (answer, given) => {
      if (given.model !== code.model) return;
      sum = { ...answer, images: zoo.bytes(answer.images), s: given.s };
      show();
    });

    function combine(s = part.get("s")) {
      const [a, b, c] = choosers.map((chooser) =>
        chooser.id === INPUT ? zoo.base64(code.x) : chooser.index(chooser.id)
      );
      askCombine({ model: code.model, a, b, c, s, means: part.get("means") });
    }

    function show() {
      if (!sum) return;
      canvases.forEach((canvas, k) => zoo.paintInk(canvas, zoo.nth(sum.images, k)));
      canvases[3].dataset.s = sum.s;
      const { images, labels, kindName } = code.set;
      zoo.paintInk(find("nearest"), zoo.nth(images, sum.nearest));
      find("nearest").dataset.index = sum.nearest;
      find("about").textContent = zoo.t("vae.sum_nearest", {
        name: kindName(labels[sum.nearest]),
        distance: zoo.number(sum.distance, 1),
        typical: zoo.number(sum.typical, 1),
      });
      say(() => `s = ${zoo.number(part.get("s"), 2)}. ${find("about").textContent}`);
    }

    /* Controls */

    function showStrength() {
      find("s").value = part.get("s");
      find("strength output").textContent = zoo.number(part.get("s"), 2);
    }
    find("s").addEventListener("input", () => {
      part.set({ s: Number(find("s").value) });
      combine();
      zoo.withAnswer(showStrength);
    });
    zoo.slide(find("s"), (s) => code && combine(s));
    const markMeans = zoo.choice(find("means"), (key) => change({ means: key === "true" }));

    /* All together */

    function restore() {
      if (!code) return;
      choosers.forEach((chooser, k) => {
        const id = part.get(TERMS[k]);
        chooser.mark(chooser.nearest(id <= FIRST ? EXAMPLES[code.set.data][TERMS[k]] : id));
      });
      markMeans(part.get("means"));
      showStrength();
      combine();
    }

    const combineSoon = zoo.wait(120, () => combine());

    zoo.follow(codeAbove, (next) => {
      const [model, x] = [code?.model, code?.x];
      code = next;
      if (shown !== code.set.data) {
        shown = code.set.data;
        sum = null;
        for (const chooser of choosers) {
          chooser.id = null;
          chooser.load(code.set.images, code.set.labels, code.set.className);
        }
      }
      if (model !== code.model) restore();
      else if (x !== code.x && choosers[0].id === INPUT) combineSoon();
      if (x !== code.x) choosers[0].setOwn(code.x);
    });

    return {
      restore,
      /* Two of one class for A and B, one of another for C. */
      seeded(seed) {
        if (!code) return { seed };
        const random = zoo.random(seed);
        const below = (n) => Math.floor(random() * n);
        const { counts } = choosers[0];
        const first = below(counts.length);
        const second = (first + 1 + below(counts.length - 1)) % counts.length;
        const a = below(counts[first]);
        const b = (a + 1 + below(counts[first] - 1)) % counts[first];
        const c = below(counts[second]);
        return { seed, a: 100 * first + a, b: 100 * first + b, c: 100 * second + c };
      },
      words() {
        showStrength();
        show();
      },
      paint: show,
      png() {
        if (!sum) return null;
        const titles = ["A", "B", "C", `A + ${zoo.number(sum.s, 2)} (C \u2212 B)`];
        const items = canvases.map((canvas, k) => ({ canvas, title: titles[k] }));
        return [zoo.sheet(items, { columns: 4, heading: code.model }), "genzoo-vae-sum.png"];
      },
      json() {
        if (!sum) return null;
        const [a, b, c, result] = [0, 1, 2, 3].map((k) => zoo.fractions(zoo.nth(sum.images, k)));
        const { s, z, nearest, distance, typical } = sum;
        const value = { model: code.model, means: part.get("means"), s, z, a, b, c, result, nearest,
          distance, typical };
        return [value, "genzoo-vae-sum.json"];
      },
    };
  },
});
