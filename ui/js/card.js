// What every chart card shares: a place for the chart, and what is shown while it has nothing to draw.

import {h, setText} from "./dom.js"

export const MISSING_LIBRARY =
  "The chart library is not there. Run “uv sync --reinstall-package oddlot” (or “npm ci” in ui/), then reload this page."

/** A card's body: `plot` for the chart, `legend` over it, and a cover with one of the states. */
export function chartCard(box, {label, onretry}) {
  const plot = h("div", {class: "o-plot", tabindex: "0", role: "group", "aria-roledescription": "chart", "aria-label": label})
  const legend = h("div", {class: "o-legend"})
  const text = h("span")
  const retry = h("button", {type: "button", class: "o-button", onclick: onretry, hidden: true}, "Try again")
  const cover = h("div", {class: "o-cover", role: "status"}, h("div", {class: "o-pulse", "aria-hidden": "true"}), text, retry)
  box.append(plot, legend, cover)
  const show = (state, message, {retryable = false} = {}) => {
    cover.dataset.state = state
    cover.hidden = state === "ready"
    retry.hidden = !retryable
    setText(text, message)
  }
  show("loading", "Connecting…")
  return {
    plot,
    legend,
    describe: (description) => plot.setAttribute("aria-label", `${description}. Arrow keys pan, plus and minus zoom, End shows the newest.`),
    ready: () => show("ready", ""),
    empty: (message) => show("empty", message),
    failed: (error) => show("failed", error.message, {retryable: true}),
    missing: () => show("missing", MISSING_LIBRARY),
    get isReady() { return cover.hidden },
  }
}
