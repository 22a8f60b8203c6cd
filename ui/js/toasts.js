// Live alerts -> a toast each, over the page; a click opens the pair.

import {h} from "./dom.js"
import {clock, signed} from "./format.js"
import {streamOf} from "./stream.js"
import {inWords} from "./watchlist.js"

const SHOWN_MS = 12_000
const MOST_TOASTS = 3 // older ones make room; the log has them all
const OLDEST_MS = 120_000 // what happened longer ago is history, not news
const SCOPE = "oddlot-toasts"

/** Which alerts raise a toast: of "all" pairs, of this "pair", or "off". */
export function toastScope() {
  try {
    return localStorage.getItem(SCOPE) ?? "all"
  } catch {
    return "all" // a browser that keeps nothing
  }
}

export function setToastScope(scope) {
  try {
    localStorage.setItem(SCOPE, scope)
  } catch {
    // it holds until the page is left, as the browser's user wants it
  }
}

/** Whether an alert is news to whoever looks at this pair. */
export function raisesToast(alert, {scope, pair, nowMs}) {
  if (scope === "off" || (scope === "pair" && alert.subject !== pair)) return false
  return nowMs - (alert.published_ms ?? nowMs) < OLDEST_MS
}

function toast(alert, {onopen, onclose}) {
  const entered = alert.crossing === "entered"
  return h("li", {class: "o-toast", "data-crossing": alert.crossing, "data-pair": alert.subject},
    h("span", {class: "o-mark", "aria-hidden": "true"}, entered ? (alert.side === "high" ? "▲" : "▼") : "●"),
    h("button", {type: "button", class: "o-toast-text", onclick: onopen, title: "Open this pair"},
      h("b", {}, `${inWords(alert.subject)} · ${alert.interval}`),
      h("span", {}, `${entered ? `beyond ${signed(alert.threshold)}` : "came back"}: z ${signed(alert.value)} at ${clock(alert.event_ms)}`)),
    h("button", {type: "button", class: "o-close", "aria-label": "Dismiss", onclick: onclose}, "×"))
}

export function mount(box, model) {
  const list = h("ol", {class: "o-toasts", "aria-live": "polite", "aria-label": "New alerts", popover: "manual"})
  box.append(list)
  const timers = new Map()
  const drop = (element) => {
    clearTimeout(timers.get(element))
    timers.delete(element)
    element.remove()
    if (!list.children.length && list.matches(":popover-open")) list.hidePopover()
  }
  const add = (alert) => {
    const element = toast(alert, {
      onopen: () => {
        drop(element)
        model.mode = "live"
        model.interval = alert.interval
        model.pair = alert.subject
      },
      onclose: () => drop(element),
    })
    list.prepend(element)
    while (list.children.length > MOST_TOASTS) drop(list.lastElementChild)
    if (!list.matches(":popover-open")) list.showPopover()
    timers.set(element, setTimeout(() => drop(element), SHOWN_MS))
  }
  const hear = (kind, alerts) => {
    if (kind !== "update" || model.mode === "upload") return // not in the way of who studies a file
    const news = {scope: toastScope(), pair: model.pair, nowMs: Date.now()}
    alerts.filter((alert) => raisesToast(alert, news)).slice(-MOST_TOASTS).forEach(add)
  }
  const end = streamOf(model.api).subscribe("alerts", hear)
  return () => {
    end()
    timers.forEach((timer) => clearTimeout(timer))
  }
}
