// @ts-check
import * as zoo from "../shared/zoo.js";

const SIDE = 28;
const COUNT = 4; // pictures of each model, in a row

/* The question by which the map is divided: who can compute p(x)? One marks, checks, and reads why. */
export default zoo.widget({
  name: "first",
  // One bit for each model that is marked.
  state: { marked: 0, checked: false },
  ranges: ({ nodes }) => ({ marked: [0, 2 ** nodes.length - 1] }),
  setup({ element, props, server, part, find, change }) {
    const { nodes } = props.data;
    const nameOf = (node) => node.title[zoo.language.value];
    const can = (node) => node.kind !== "implicit";
    const isMarked = (k) => Boolean(part.get("marked") & (1 << k));

    const cards = nodes.map((node, k) => {
      const card = zoo.make("button", { type: "button", class: "model", "data-testid": "first-" + node.key },
        zoo.make("span", { class: "name" }),
        zoo.make("canvas", { class: "pictures", width: COUNT * SIDE, height: SIDE, "aria-hidden": "true" }),
        zoo.make("span", { class: "told" }));
      card.addEventListener("click", () => change({ marked: part.get("marked") ^ (1 << k), checked: false }));
      return card;
    });
    find("models").append(...cards);
    zoo.rove(find("models"));
    find("check").addEventListener("click", () => change({ checked: !part.get("checked") }));
    find("begin").addEventListener("click", () => zoo.openTab(zoo.tabs[(zoo.tabs.indexOf("map") + 1) % zoo.tabs.length]));

    /** @type {Record<string, any>} */
    const shown = {}; // levels by node
    const paint = () => {
      for (const [k, node] of nodes.entries()) {
        if (shown[node.key]) zoo.paint(cards[k].querySelector("canvas"), shown[node.key], { map: "ink", high: 255 });
      }
    };

    /* One after the other, the quickest first, so that no model keeps another waiting. */
    async function sample() {
      for (const node of [...nodes].sort((a, b) => a.pace - b.pace)) {
        const answer = await zoo.answerOf(server.pictures, { node: node.key, n: COUNT, seed: 0 });
        if (answer.ok) shown[node.key] = zoo.bytes(answer.sheet);
        else zoo.showStatus(find("state"), answer);
        paint();
      }
    }
    zoo.whenSeen(element, sample);

    function toldOf(node) {
      if (!can(node)) return zoo.t("first.cannot");
      const { nll } = node.figures;
      return nll === undefined ? zoo.t("first.unmeasured") : zoo.t("first.can", { nll: zoo.number(nll, 1) });
    }

    function show() {
      const checked = part.get("checked");
      const right = nodes.map((node, k) => can(node) === isMarked(k));
      for (const [k, card] of cards.entries()) {
        const [name, , told] = card.children;
        name.textContent = nameOf(nodes[k]);
        told.textContent = checked ? toldOf(nodes[k]) : "";
        card.setAttribute("aria-pressed", String(isMarked(k)));
        card.classList.toggle("right", checked && right[k]);
        card.classList.toggle("wrong", checked && !right[k]);
      }
      const n = right.filter(Boolean).length;
      const values = { n: zoo.number(n), of: zoo.number(nodes.length) };
      const score = n === nodes.length ? zoo.t("first.all_right") : zoo.t("first.some_right", values);
      find("answer").textContent = checked ? `${score} ${zoo.t("first.why")}` : "";
      find("check").textContent = zoo.t(checked ? "first.again" : "first.check");
      find("begin").classList.toggle("zoo-primary", checked);
      find("check").classList.toggle("zoo-primary", !checked);
    }
    return { restore: show, words: show, paint };
  },
});
