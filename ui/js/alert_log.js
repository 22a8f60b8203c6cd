// The log of alerts, newest first, live, with filters; a row opens its pair.

import {withQuery} from "./api.js"
import {Alerts} from "./alerts.js"
import {card} from "./card.js"
import {choice, menuButton} from "./controls.js"
import {h, setText} from "./dom.js"
import {formatLinks} from "./exports.js"
import {decimalsFor, number, significant, signed, when} from "./format.js"
import {inWords, watchlistOf} from "./watchlist.js"
import {toastScope, setToastScope} from "./toasts.js"

const PERIODS_MS = {"": 0, hour: 3_600_000, day: 86_400_000}

const COLUMNS = [
  ["Time, UTC", (alert) => when(alert.event_ms)],
  ["Pair", (alert) => `${inWords(alert.subject)} · ${alert.interval}`, "o-left"],
  ["What", (alert) => `${alert.crossing === "entered" ? (alert.side === "high" ? "▲" : "▼") : "●"} ${alert.crossing}`, "o-left"],
  ["z", (alert) => signed(alert.value)],
  ["Level", (alert) => signed(alert.threshold)],
  ["Spread", (alert) => significant(alert.spread, 4)],
  ["β", (alert) => significant(alert.hedge_ratio, 4)],
  ["y", (alert) => number(alert.price, decimalsFor(alert.price, 6))],
]

function row(alert, open) {
  const tone = alert.crossing === "entered" ? "o-warn" : "o-quiet"
  return h("tr", {class: "o-opens", onclick: () => open(alert), title: alert.text},
    ...COLUMNS.map(([, text, align], i) => {
      const content = i === 1 ? h("button", {type: "button", class: "o-open"}, text(alert)) : text(alert)
      return h("td", {class: [align, i === 2 || i === 3 ? tone : ""].filter(Boolean).join(" ") || false}, content)
    }))
}

function filters(model, onchange) {
  const pair = choice({label: "Pair", options: [["", "all pairs"]], onchange})
  const interval = choice({label: "Bars", options: [["", "all"], "1s", "1m", "5m"], onchange})
  const crossing = choice({label: "What", options: [["", "all"], "entered", "left"], onchange})
  const period = choice({label: "Since", options: [["", "ever"], ["hour", "an hour"], ["day", "a day"]], onchange})
  const toasts = choice({label: "Toasts", options: [["all", "all pairs"], ["pair", "this pair"], ["off", "off"]], onchange: setToastScope})
  toasts.set(toastScope())
  toasts.element.classList.add("o-small")
  const fillPairs = (list) => pair.fill([["", "all pairs"], ["this", "this pair"], ...[...list.pairs.keys()].sort().map((each) => [each, inWords(each)])])
  return {
    element: h("div", {class: "o-filters", role: "group", "aria-label": "Filters of the log"}, ...[pair, interval, crossing, period].map((each) => each.element)),
    toasts: toasts.element,
    follow: watchlistOf(model.api).watch(fillPairs),
    isThis: () => pair.value === "this",
    get value() {
      const length = PERIODS_MS[period.value]
      return {
        subject: pair.value === "this" ? model.pair : pair.value, interval: interval.value, crossing: crossing.value,
        from: length ? Date.now() - length : "",
      }
    },
  }
}

export function mount(box, model) {
  const chosen = filters(model, () => open())
  const exports = menuButton({
    text: "Export", label: "Export the log as filtered",
    fill: (panel) => panel.replaceChildren(h("div", {class: "o-exports"}, h("span", {}, "Alerts as filtered"), ...formatLinks(model.api, withQuery("/alerts", chosen.value), "Alerts"))),
  })
  const frame = card(box, {title: "Alerts"}, chosen.toasts, exports.element)
  const tbody = h("tbody")
  const empty = h("p", {class: "o-empty", role: "status"})
  const more = h("button", {type: "button", class: "o-button", hidden: true, onclick: () => log.older().catch((error) => setText(empty, error.message))}, "Older ones")
  frame.body.append(chosen.element, h("div", {class: "o-scroll", tabindex: "0", role: "region", "aria-label": "Alerts, newest first", "data-size": "log"},
    h("table", {class: "o-table"}, h("caption", {class: "o-unseen"}, "Alerts, newest first"),
      h("thead", {}, h("tr", {}, ...COLUMNS.map(([name, , align]) => h("th", {scope: "col", class: align ?? false}, name)))), tbody), empty, more))

  const openPair = (alert) => {
    model.interval = alert.interval
    model.mode = "live"
    model.pair = alert.subject
  }
  const draw = (alerts) => {
    tbody.replaceChildren(...alerts.map((alert) => row(alert, openPair)))
    empty.hidden = alerts.length > 0
    setText(empty, "No alerts yet: one comes when a z-score crosses its pair's threshold.")
    more.hidden = log.nextTo === null
    frame.note(alerts.length ? `${alerts.length}${log.nextTo === null ? "" : " newest"}` : "")
  }
  let log = null
  const open = () => {
    log?.stop()
    tbody.replaceChildren()
    empty.hidden = false
    setText(empty, "Asking the log…")
    log = new Alerts({base: model.api, filter: chosen.value})
    log.start({onChange: draw, onError: (error) => { empty.hidden = false; setText(empty, error.message) }})
  }
  open()
  const retry = setInterval(() => log.loaded || log.load(), 10_000)
  model.on("pair", () => chosen.isThis() && open())
  return () => {
    clearInterval(retry)
    chosen.follow()
    log.stop()
  }
}
