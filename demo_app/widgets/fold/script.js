// @ts-check
import * as zoo from "../shared/zoo.js";

export default zoo.widget({
  name: (data) => data.tab + "-about",
  state: { open: false },
  setup({ element, props, find, part, change }) {
    const handle = find("handle");
    handle.dataset.testid = props.data.tab + "-about";
    handle.addEventListener("click", () => change({ open: !part.get("open") }));
    return {
      restore() {
        handle.setAttribute("aria-expanded", part.get("open"));
        element.closest(".zoo-about").classList.toggle("zoo-open", part.get("open"));
      },
    };
  },
});
