// @ts-check
/* By tab: the steps of its model's computation, each with a key, what it is written as, and whether it
   stands beside the one before instead of following from it; and the formula, of which a part with the
   same key is the same thing. */
export const FLOWS = {
  pixels: {
    formula: "p(x) = <span data-key=\"product\">∏</span> <span data-key=\"table\">p(x<sub>i</sub> | </span><span data-key=\"past\">x<sub>i−n</sub> … x<sub>i−1</sub></span><span data-key=\"table\">)</span>",
    steps: [
      ["past", "x<sub>i−n</sub> … x<sub>i−1</sub>", false],
      ["table", "p(x<sub>i</sub> | ·)", false],
      ["pixel", "x<sub>i</sub>", false],
      ["product", "∏ p(x<sub>i</sub> | ·)", false],
    ],
  },
  nade: {
    formula: "<span data-key=\"hidden\">h<sub>i</sub></span> = σ(c + <span data-key=\"weights\">W<sub>·,&lt;i</sub></span> <span data-key=\"past\">x<sub>&lt;i</sub></span>), &nbsp; <span data-key=\"out\">p(x<sub>i</sub> = 1 | x<sub>&lt;i</sub>)</span> = σ(b<sub>i</sub> + <span data-key=\"read\">V<sub>i</sub></span> <span data-key=\"hidden\">h<sub>i</sub></span>)",
    steps: [
      ["past", "x<sub>&lt;i</sub>", false],
      ["weights", "W<sub>·,&lt;i</sub>", false],
      ["hidden", "h<sub>i</sub>", false],
      ["read", "V<sub>i</sub>", false],
      ["out", "p(x<sub>i</sub> = 1 | x<sub>&lt;i</sub>)", false],
    ],
  },
  pixelrnn: {
    formula: "(<span data-key=\"state\">h<sub>r</sub>, c<sub>r</sub></span>) = LSTM(<span data-key=\"conv\">K ∗ x<sub>r</sub></span>, <span data-key=\"before\">K′ ∗ h<sub>r−1</sub></span>, c<sub>r−1</sub>)",
    steps: [
      ["conv", "K ∗ x<sub>r</sub>", false],
      ["before", "K′ ∗ h<sub>r−1</sub>", false],
      ["state", "h<sub>r</sub>, c<sub>r</sub>", false],
      ["out", "p(x<sub>i</sub> | x<sub>&lt;i</sub>)", false],
    ],
  },
  transformer: {
    formula: "<span data-key=\"sum\">Σ<sub>s&lt;t</sub></span> <span data-key=\"weights\">softmax(q<sub>t</sub> · k<sub>s</sub>)</span> <span data-key=\"sum\">v<sub>s</sub></span> &nbsp;→&nbsp; <span data-key=\"out\">p(x<sub>t</sub> | x<sub>&lt;t</sub>)</span>",
    steps: [
      ["past", "x<sub>&lt;t</sub>", false],
      ["qkv", "q, k, v", false],
      ["weights", "softmax(q<sub>t</sub> · k<sub>s</sub>)", false],
      ["sum", "Σ a v", false],
      ["out", "p(x<sub>t</sub> | x<sub>&lt;t</sub>)", false],
    ],
  },
  vae: {
    formula: "log p(x) ≥ <span data-key=\"out\">E<sub>q</sub>[log p(x | z)]</span> − <span data-key=\"kl\">KL(q(z | x) ‖ p(z))</span>",
    steps: [
      ["x", "x", false],
      ["encoder", "q(z | x)", false],
      ["z", "z = μ + σ ε", false],
      ["out", "p(x | z)", false],
      ["kl", "KL", true],
    ],
  },
  aae: {
    formula: "min <span data-key=\"out\">‖x − x̂‖²</span>, &nbsp; <span data-key=\"d\">q(z) ≈ p(z)</span>",
    steps: [
      ["x", "x", false],
      ["encoder", "q(z | x)", false],
      ["z", "z", false],
      ["out", "x̂", false],
      ["d", "D(z)", true],
    ],
  },
  gan: {
    formula: "min<sub><span data-key=\"g\">G</span></sub> max<sub><span data-key=\"d\">D</span></sub> &nbsp; E[log <span data-key=\"d\">D</span>(<span data-key=\"x\">x</span>)] + E[log(1 − <span data-key=\"d\">D</span>(<span data-key=\"g\">G</span>(<span data-key=\"z\">z</span>)))]",
    steps: [
      ["z", "z", false],
      ["g", "G(z)", false],
      ["x", "x", true],
      ["d", "D", false],
      ["v", "V", false],
    ],
  },
  dcgan: {
    formula: "<span data-key=\"up\">tanh(W ∗<sup>T</sup> …</span> <span data-key=\"dense\">h</span>(<span data-key=\"z\">z</span>)<span data-key=\"up\">)</span>",
    steps: [
      ["z", "z", false],
      ["dense", "7 × 7", false],
      ["up", "∗<sup>T</sup>", false],
      ["out", "G(z)", false],
      ["d", "D", false],
    ],
  },
  infogan: {
    formula: "min<sub>G, <span data-key=\"q\">Q</span></sub> max<sub>D</sub> &nbsp; <span data-key=\"d\">V(D, G)</span> − λ <span data-key=\"q\">E[log Q(c | </span><span data-key=\"out\">G</span>(<span data-key=\"c\">c</span>, <span data-key=\"z\">z</span>)<span data-key=\"q\">)]</span>",
    steps: [
      ["c", "c", false],
      ["z", "z", true],
      ["out", "G(c, z)", false],
      ["d", "D", false],
      ["q", "Q(c | x)", true],
    ],
  },
  progan: {
    formula: "(1 − <span data-key=\"fade\">α</span>) <span data-key=\"old\">↑ x<sub>r</sub></span> + <span data-key=\"fade\">α</span> <span data-key=\"new\">x<sub>2r</sub></span>",
    steps: [
      ["z", "z", false],
      ["first", "4 × 4", false],
      ["old", "↑ x<sub>r</sub>", false],
      ["new", "x<sub>2r</sub>", true],
      ["fade", "α", false],
    ],
  },
  stargan: {
    formula: "<span data-key=\"d\">D</span>(<span data-key=\"g\">G</span>(<span data-key=\"x\">x, c′</span>)) + λ <span data-key=\"back\">‖x − G(G(x, c′), c)‖<sub>1</sub></span>",
    steps: [
      ["x", "x, c′", false],
      ["g", "G(x, c′)", false],
      ["d", "D", false],
      ["back", "G(·, c)", true],
    ],
  },
  cyclegan: {
    formula: "<span data-key=\"d\">D<sub>Y</sub></span>(<span data-key=\"g\">G</span>(<span data-key=\"x\">x</span>)) + λ <span data-key=\"cycle\">‖x − F(G(x))‖<sub>1</sub></span>",
    steps: [
      ["x", "x", false],
      ["g", "G(x)", false],
      ["f", "F(G(x))", false],
      ["cycle", "‖x − F(G(x))‖<sub>1</sub>", false],
      ["d", "D<sub>Y</sub>", true],
    ],
  },
  text2image: {
    formula: "<span data-key=\"d\">D</span>(<span data-key=\"out\">G</span>(<span data-key=\"z\">z</span>, <span data-key=\"text\">φ(t)</span>), <span data-key=\"text\">φ(t)</span>)",
    steps: [
      ["t", "t", false],
      ["text", "φ(t)", false],
      ["z", "z", true],
      ["out", "G(z, φ(t))", false],
      ["d", "D(x, φ(t))", false],
    ],
  },
  puzzle: {
    formula: "<span data-key=\"assign\">π*</span> = argmax<sub>π</sub> Σ<sub>k</sub> <span data-key=\"score\">S<sub>k, π(k)</sub></span> &nbsp;→&nbsp; <span data-key=\"out\">G</span>",
    steps: [
      ["pieces", "{x<sub>k</sub>}", false],
      ["encoder", "softmax(q · k)", false],
      ["score", "S", false],
      ["assign", "π*", false],
      ["out", "G", false],
    ],
  },
};
