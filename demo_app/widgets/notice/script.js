// @ts-check
import * as zoo from "../shared/zoo.js";

export default zoo.widget({
  setup({ props, find }) {
    find("sentence").textContent = props.data.sentence;
    find("command").textContent = props.data.command;
  },
});
