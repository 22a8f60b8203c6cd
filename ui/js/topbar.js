// The header: connection, latency, whether the market is simulated, the time.

import {get} from "./api.js"
import {h, setText} from "./dom.js"
import {clock, duration} from "./format.js"
import {streamOf} from "./stream.js"

const DRAWER_COVERS = "(max-width: 599.95px)" // Material UI's "sm", below which the drawer is a cover
const WORDS = {idle: "CONNECTED", connecting: "CONNECTING", open: "LIVE", live: "LIVE", stale: "STALE", down: "DOWN"}

/** The header's words for a state. */
export function statusText(state, latencyMs) {
  if (state.name === "live") return `LIVE ${duration(latencyMs)}`
  if (state.name === "stale" || state.name === "down") return `${WORDS[state.name]} since ${clock(state.sinceMs)}`
  return WORDS[state.name]
}

/** Close the shell's drawer where it would lie over the page; whether it does, only the browser knows. */
function closeDrawer() {
  if (!matchMedia(DRAWER_COVERS).matches) return
  for (const root of window.Bokeh?.documents.flatMap((each) => each.roots()) ?? []) {
    if (root.data?.sidebar_open) root.data.sidebar_open = false
  }
}

export function mount(box, model) {
  closeDrawer()
  const stream = streamOf(model.api)
  ;(window.oddlot ??= {}).stream = stream
  const text = h("span")
  const status = h("div", {class: "o-status", role: "status", "data-state": "connecting"}, h("span", {class: "o-dot", "aria-hidden": "true"}), text)
  const badge = h("span", {class: "o-badge", hidden: true, title: "The trades come from the sandbox exchange, not from a real venue"}, "SIMULATED")
  const time = h("time", {class: "o-clock", "aria-label": "Time in UTC"})
  box.append(badge, h("span", {class: "o-spring"}), status, time)

  let announced = ""
  const draw = () => {
    const {state} = stream
    status.dataset.state = state.name
    // Screen readers hear a change of state, not every change of the latency.
    status.setAttribute("aria-live", state.name === announced ? "off" : "polite")
    announced = state.name
    setText(text, statusText(state, stream.latencyMs))
    setText(time, `${clock(Date.now())} UTC`)
  }
  const feeds = new Map() // each says of itself whether it is simulated
  const simulated = (feed, is) => {
    feeds.set(feed, is)
    badge.hidden = ![...feeds.values()].some(Boolean)
  }
  let asked = false
  const ask = () => {
    if (asked || stream.phase !== "open") return
    asked = true
    get(model.api, "/readyz", {allow: [503]}).then((ready) => simulated("readyz", ready.simulated), () => { asked = false })
  }
  const ends = [
    stream.watch(() => { draw(); ask() }),
    stream.subscribe("health", (kind, reports) => {
      if (reports.length) feeds.delete("readyz") // they know by now
      reports.forEach((report) => simulated(report.feed, report.simulated))
    }),
  ]
  return () => ends.forEach((end) => end())
}
