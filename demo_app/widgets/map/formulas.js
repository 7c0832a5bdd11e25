/* What each model says of x: on its node, and in full beside the map. */
const FORMULAS = {
  independent: ["∏ p(x<sub>i</sub>)", "p(x) = ∏<sub>i</sub> p(x<sub>i</sub>)"],
  markov: [
    "∏ p(x<sub>i</sub> | x<sub>i−1</sub>)",
    "p(x) = p(x<sub>1</sub>) ∏<sub>i</sub> p(x<sub>i</sub> | x<sub>i−1</sub>)",
  ],
  ar: [
    "σ(Σ<sub>k≤n</sub> w<sub>k</sub> x<sub>i−k</sub>)",
    "p(x<sub>i</sub> = 1 | x<sub>&lt;i</sub>) = σ(b<sub>i</sub> + Σ<sub>k=1…n</sub> w<sub>ik</sub> x<sub>i−k</sub>)",
  ],
  fvbn: [
    "σ(Σ<sub>j&lt;i</sub> w<sub>j</sub> x<sub>j</sub>)",
    "p(x<sub>i</sub> = 1 | x<sub>&lt;i</sub>) = σ(b<sub>i</sub> + Σ<sub>j&lt;i</sub> w<sub>ij</sub> x<sub>j</sub>)",
  ],
  nade: [
    "σ(V σ(W x<sub>&lt;i</sub>))",
    "h<sub>i</sub> = σ(c + W<sub>·,&lt;i</sub> x<sub>&lt;i</sub>)<br>p(x<sub>i</sub> = 1 | x<sub>&lt;i</sub>) = σ(b<sub>i</sub> + V<sub>i</sub> h<sub>i</sub>)",
  ],
  rnade: [
    "Σ<sub>k</sub> π<sub>k</sub> N(μ<sub>k</sub>, σ<sub>k</sub>²)",
    "p(x<sub>i</sub> | x<sub>&lt;i</sub>) = Σ<sub>k</sub> π<sub>ik</sub> N(x<sub>i</sub>; μ<sub>ik</sub>, σ<sub>ik</sub>²)",
  ],
  orderless: [
    "E<sub>o</sub>[log p(x | o)]",
    "max E<sub>o</sub>[Σ<sub>i</sub> log p(x<sub>o(i)</sub> | x<sub>o(&lt;i)</sub>)]",
  ],
  row_lstm: [
    "LSTM(h<sub>r−1</sub>, x<sub>r</sub>)",
    "h<sub>r</sub> = LSTM(k ∗ h<sub>r−1</sub>, k ∗ x<sub>r</sub>)",
  ],
  diagonal_bilstm: [
    "LSTM(h<sub>c−1</sub>, h<sub>r−1</sub>)",
    "h<sub>r,c</sub> = LSTM(h<sub>r,c−1</sub>, h<sub>r−1,c</sub>, x<sub>r,c</sub>)",
  ],
  transformer: [
    "softmax(QKᵀ) V",
    "h = softmax(Q Kᵀ / √d + mask) V",
  ],
  vae: [
    "log p(x | z) − KL",
    "log p(x) ≥ E<sub>q(z | x)</sub>[log p(x | z)]<br>− KL(q(z | x) ‖ p(z))",
  ],
  aae: [
    "q(z) ≈ p(z)",
    "min E<sub>q(z | x)</sub>[−log p(x | z)];<br>min<sub>q</sub> max<sub>D</sub> E<sub>p(z)</sub>[log D] + E<sub>q(z)</sub>[log(1 − D)]",
  ],
  gan: [
    "min max V(D, G)",
    "min<sub>G</sub> max<sub>D</sub> E<sub>x</sub>[log D(x)]<br>+ E<sub>z</sub>[log(1 − D(G(z)))]",
  ],
  dcgan: [
    "tanh(W ∗ᵀ h(z))",
    "min<sub>G</sub> max<sub>D</sub> V(D, G),<br>G(z) = tanh(W ∗ᵀ relu(BN(W′ ∗ᵀ …)))",
  ],
  infogan: [
    "V − λ I(c; G(z, c))",
    "min<sub>G, Q</sub> max<sub>D</sub> V(D, G)<br>− λ E[log Q(c | G(z, c))]",
  ],
  cyclegan: [
    "F(G(x)) ≈ x",
    "V<sub>X</sub> + V<sub>Y</sub> + λ E|F(G(x)) − x|<br>+ λ E|G(F(y)) − y|",
  ],
  stargan: [
    "G(x, c)",
    "V(D, G) + E[−log D(c | G(x, c))]<br>+ λ E|G(G(x, c), c′) − x|",
  ],
};
