// What every card shares: a heading with tools, and for charts a place to draw and what is shown while
// there is nothing to draw.

import {h, setText} from "./dom.js"

export const MISSING_LIBRARY =
  "The chart library is not there. Run “uv sync --reinstall-package oddlot” (or “npm ci” in ui/), then reload this page."

let made = 0

/** A framed part of the page: `title`, `tools` at the right of the heading, `body`. */
export function card(box, {title, size = ""}, ...tools) {
  const id = `o-card-${(made += 1)}`
  const heading = h("h2", {id}, title)
  const note = h("span", {class: "o-card-note"})
  const bar = h("div", {class: "o-tools"}, ...tools)
  const body = h("div", {class: "o-body", "data-size": size})
  box.append(h("section", {class: "o-card", "aria-labelledby": id}, h("header", {}, heading, note, bar), body))
  return {
    body,
    tools: bar,
    retitle: (text) => setText(heading, text),
    note: (text) => setText(note, text),
  }
}

/** A chart's body: `plot` for the chart, `legend` over it, and a cover with one of the states. */
export function chartBody(body, {label, onretry, keys = true}) {
  const plot = h("div", {class: "o-plot", tabindex: "0", role: keys ? "group" : "img", "aria-roledescription": "chart", "aria-label": label})
  const legend = h("div", {class: "o-legend"})
  const text = h("span")
  const retry = h("button", {type: "button", class: "o-button", onclick: onretry, hidden: true}, "Try again")
  const cover = h("div", {class: "o-cover", role: "status"}, h("div", {class: "o-pulse", "aria-hidden": "true"}), text, retry)
  body.append(plot, legend, cover)
  const show = (state, message, {retryable = false} = {}) => {
    cover.dataset.state = state
    cover.hidden = state === "ready"
    retry.hidden = !retryable
    setText(text, message)
  }
  show("loading", "Loading…")
  const manual = keys ? ". Arrow keys pan, plus and minus zoom, End shows the newest." : "."
  return {
    plot,
    legend,
    describe: (description) => plot.setAttribute("aria-label", description + manual),
    ready: () => show("ready", ""),
    empty: (message) => show("empty", message),
    failed: (error) => show("failed", error.message, {retryable: true}),
    missing: () => show("missing", MISSING_LIBRARY),
    get isReady() { return cover.hidden },
  }
}
