// @ts-check
import * as zoo from "../shared/zoo.js";

export default zoo.widget({
  setup({ props, find }) {
    const { sentence, command } = props.data;
    // What exactly is missing is said in English alone.
    const words = () => (find("sentence").textContent = zoo.language.value === "en" ? sentence : zoo.t("zoo.missing_files"));
    words();
    find("command").textContent = command;
    return { words };
  },
});
