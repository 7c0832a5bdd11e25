// @ts-check
import { COLORS, fidInWords, inWords, likelihood, likelihoodInWords, sought } from "../compare_sheets/models.js";
import * as zoo from "../shared/zoo.js";
import { Plot } from "./plot.js";

const MEASURES = ["fid", "likelihood"];

export default zoo.widget({
  name: "compare",
  state: ([{ data }]) => ({ data, measure: "fid" }),
  choices: (sets) => ({ data: sets.map(({ data }) => data), measure: MEASURES }),
  setup({ props, part, find, change }) {
    const sets = Object.fromEntries(props.data.map((set) => [set.data, set]));
    const kinds = Object.keys(sets);
    const worth = {
      fid: { of: ({ figures }) => figures.fid, inWords: fidInWords },
      likelihood: { of: likelihood, inWords: likelihoodInWords },
    };

    const pressData = zoo.segments(find("data"), kinds, {
      label: "zoo.",
      testid: "compare-plot-data-",
      choose: (data) => change({ data }),
    });
    find("data").hidden = kinds.length < 2;
    const pressMeasure = zoo.segments(find("measure"), MEASURES, {
      label: "compare.by_",
      testid: "compare-by-",
      choose: (measure) => change({ measure }),
    });

    const named = Object.entries(COLORS).map(([kind, color]) => {
      const dot = zoo.make("i", { class: "zoo-dot", style: `--kind: ${color}` });
      return zoo.make("li", {}, dot, zoo.make("span", { "data-t": "compare.only_" + kind }));
    });
    find("kinds").append(...named);

    const plot = new Plot(find("plot"), {
      write: { across: inWords, up: (v) => zoo.number(v, v < 1 ? 1 : 0) },
      onchoose(model) {
        sought.value = model.name;
        zoo.openTab("compare");
      },
    });

    function show() {
      const { data, models } = sets[part.get("data")];
      const measured = MEASURES.filter((measure) => models.some((model) => worth[measure].of(model) !== undefined));
      for (const button of find("measure").children) button.disabled = !measured.includes(button.dataset.key);
      if (!measured.includes(part.get("measure"))) part.set({ measure: measured[0] || MEASURES[0] });
      const measure = part.get("measure");
      pressData(data);
      pressMeasure(measure);
      const points = models.map((model) => {
        const [x, y] = [model.figures.seconds_64, worth[measure].of(model)];
        const name = model.name.replace("-" + data, "");
        const label = () => zoo.t("compare.point", { name, time: inWords(x), value: worth[measure].inWords(model) });
        return { model, x, y, name, label, color: COLORS[model.kind] };
      });
      plot.show(points.filter(({ x, y }) => x > 0 && y !== undefined), measure, measure === "fid");
    }

    return { restore: show, words: show };
  },
});
