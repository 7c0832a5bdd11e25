// @ts-check
import * as zoo from "../shared/zoo.js";

const RIGHT = "right";
const CHOICES = [RIGHT, "wrong_1", "wrong_2"];

/* What is to be predicted of a tab: labels of its name, one of which is the right choice. The answer
   and what follows from it are told when one has chosen, and the way leads on to the next tab. */
export default zoo.widget({
  name: ({ tab }) => tab + "-predict",
  state: { choice: "" },
  choices: { choice: ["", ...CHOICES] },
  setup({ element, props, find, part, change }) {
    const { tab } = props.data;
    const said = (name = "") => zoo.t(`predict.${tab}${name && "_" + name}`);
    const title = find("question");
    title.id = tab + "-predict-title";
    element.querySelector("section").setAttribute("aria-labelledby", title.id);

    // The right one stands elsewhere in each tab, and always there.
    const order = [...CHOICES];
    const place = [...tab].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % CHOICES.length;
    order.splice(place, 0, ...order.splice(0, 1));
    const buttons = order.map((choice) => {
      const button = zoo.make("button", { type: "button", "data-testid": `${tab}-predict-${choice}` });
      button.addEventListener("click", () => change({ choice }));
      return button;
    });
    find("choices").append(...buttons);
    zoo.rove(find("choices"));

    const next = zoo.tabs[(zoo.tabs.indexOf(tab) + 1) % zoo.tabs.length];
    const onward = find("next");
    onward.dataset.testid = tab + "-predict-next";
    onward.addEventListener("click", () => zoo.openTab(next));
    find("answer").dataset.testid = tab + "-predict-answer";

    function show() {
      const chosen = part.get("choice");
      title.textContent = said();
      for (const [k, button] of buttons.entries()) {
        button.textContent = said(order[k]);
        button.setAttribute("aria-pressed", String(order[k] === chosen));
        button.classList.toggle("right", Boolean(chosen) && order[k] === RIGHT);
        button.classList.toggle("wrong", order[k] === chosen && chosen !== RIGHT);
      }
      const verdict = chosen === RIGHT ? zoo.t("predict.is_right") : zoo.t("predict.is_wrong", { right: said(RIGHT) });
      find("answer").textContent = chosen && `${verdict} ${said("why")}`;
      find("act").textContent = zoo.t(chosen ? "predict.act_after" : "predict.act_first") + said("act");
      onward.textContent = zoo.t("predict.next", { tab: zoo.t(next + ".tab") }) + " \u2192";
      onward.classList.toggle("zoo-primary", Boolean(chosen));
    }
    return { restore: show, words: show };
  },
});
