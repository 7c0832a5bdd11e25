// @ts-check
/* What is said of a model wherever models are compared. */

import * as zoo from "../shared/zoo.js";

export const COLORS = { tractable: zoo.classColors[4], approximate: zoo.classColors[0], implicit: zoo.classColors[2] };

export function inWords(s) {
  if (s === undefined) return "\u2014";
  return s < 1 ? `${zoo.number(1000 * s, s < 0.01 ? 1 : 0)} ms` : `${zoo.number(s, s < 10 ? 1 : 0)} s`;
}

export const likelihood = ({ figures }) => figures.nll ?? figures.nll_bound;

export function likelihoodInWords(model) {
  const nats = likelihood(model);
  if (nats === undefined) return "\u2014";
  return (model.figures.nll === undefined ? "\u2264 " : "") + zoo.number(nats, 1);
}

export const fidInWords = ({ figures }) => (figures.fid === undefined ? "\u2014" : zoo.number(figures.fid, 2));

/* The model that was chosen in another tab: its sheet is brought into view. */
export const sought = zoo.signal(null);
