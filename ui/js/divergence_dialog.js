// A member that was clicked -> its bars over the page: daily closes, or live bars where it streams.

import {Bars} from "./bars.js"
import {addBars, fillLegend} from "./bars_chart.js"
import {get} from "./api.js"
import {chartBody} from "./card.js"
import {segmented} from "./controls.js"
import {formatLinks} from "./exports.js"
import {barOf, ago, windowName} from "./divergence_rows.js"
import {h, setText} from "./dom.js"
import {decimalsOf, moment, number, signed} from "./format.js"
import {library, Plot} from "./plot.js"
import {sourceOf} from "./source.js"

const OPEN = "oddlot-open-bars"
const DAY_MS = 86_400_000
const SESSIONS = 260 // a year
const STREAMING = "binance"
const INTERVALS = [["1d", "Daily"], ["1m", "1m"], ["5m", "5m"]]

/** Open the page's bars of a member: {symbol, venue} at least. */
export function openBars({base, row}) {
  dispatchEvent(new CustomEvent(OPEN, {detail: {base, row}}))
}

/** Daily closes -> bars, as if every later split and dividend had been before them. */
export function adjustedBars(closes) {
  return closes.map((each) => {
    const factor = each.adjusted_close / each.close
    const at = (price) => (price == null ? null : price * factor)
    return {open_ms: Date.parse(each.date), open: at(each.open), high: at(each.high), low: at(each.low), close: each.adjusted_close, volume: each.volume, complete: true}
  }).sort((a, b) => a.open_ms - b.open_ms)
}

/** What is known of the member and of its closes, in words. */
export function aboutOf(row, state, nowMs) {
  const said = []
  if (row.verdict) said.push(row.label)
  if (row.z != null && row.window) said.push(`z ${signed(row.z, 1)} over ${windowName(row.window, row.interval ?? "1d")}`)
  if (row.correlation != null) said.push(`correlation ${number(row.correlation)}, beta ${number(row.beta)}`)
  if (state?.fetched_ms) said.push(`closes from ${state.provider}, fetched ${ago(nowMs - state.fetched_ms)}`)
  if (state && state.state !== "fetched" && state.reason) said.push(state.reason)
  return [...said, ...(row.flags ?? [])].join(" · ")
}

/** Keep daily bars of a symbol on `chart`; returns how to end. */
function showDaily({base, symbol, chart, plotOf, tell}) {
  let ended = false
  get(base, `/closes/${encodeURIComponent(symbol)}?limit=${SESSIONS}`).then((body) => {
    if (ended) return
    tell(body.state)
    const bars = adjustedBars(body.closes)
    const why = body.state?.reason || "they are asked for with the next scan"
    if (bars.length) plotOf(bars, {hasSessions: true, intervalMs: DAY_MS, interval: "1d, adjusted"})
    else chart.empty(`No daily closes of ${symbol} yet: ${why}.`)
  }, (error) => ended || chart.failed(error))
  return () => { ended = true }
}

/** Keep live bars of a symbol on `chart`; returns how to end. */
function showLive({base, symbol, interval, chart, plotOf}) {
  let [bars, ended, plot] = [null, false, null]
  sourceOf({api: base, interval, upload: ""}).then((source) => {
    if (ended) return
    const reset = async (rows) => {
      if (!rows.length) return chart.empty(`No ${interval} bars of ${symbol} yet.`)
      plot = (await plotOf(rows, {hasSessions: false, intervalMs: source.intervalMs, interval})) ?? plot
    }
    bars = new Bars({source, symbol}).start({onReset: reset, onBar: (bar) => plot?.update(bar), onError: (error) => chart.isReady || chart.failed(error)})
  })
  return () => {
    ended = true
    bars?.stop()
  }
}

export function barsDialog() {
  const title = h("h2", {id: "o-bars-title"})
  const about = h("p", {class: "o-note o-about"})
  const chosen = segmented({label: "Bars", options: INTERVALS, onchange: (value) => show(value)})
  const shut = h("button", {type: "button", class: "o-close", "aria-label": "Close", onclick: () => dialog.close()}, "×")
  const files = h("span", {class: "o-file-links", "aria-label": "Closes as a file", role: "group"})
  const body = h("div", {class: "o-body o-bars-body"})
  const dialog = h("dialog", {class: "o-dialog o-bars-dialog", "aria-labelledby": "o-bars-title"}, h("header", {}, title, files, chosen.element, shut), about, body)
  let [member, plot, end, turn] = [null, null, () => {}, 0]

  const clear = () => {
    turn += 1
    end()
    plot?.destroy()
    ;[plot, end] = [null, () => {}]
    body.replaceChildren()
  }
  const show = (interval) => {
    clear()
    const mine = turn
    const {base, row} = member
    const {symbol} = row
    chosen.set(interval)
    const chart = chartBody(body, {label: `${symbol}, bars`, onretry: () => show(interval)})
    const plotOf = async (rows, {hasSessions, intervalMs, interval: name}) => {
      const lib = await library().catch(() => chart.missing())
      if (!lib || mine !== turn) return null
      const decimals = decimalsOf(rows.slice(-50).map((bar) => bar.close))
      if (!plot) {
        plot = new Plot(lib, chart.plot, {intervalMs, group: `bars of ${symbol} ${name}`, hasSessions})
        addBars(lib, plot).applyOptions({priceFormat: {type: "price", precision: decimals, minMove: 10 ** -decimals}})
        plot.pointed = (bar) => fillLegend(chart.legend, {symbol, interval: name, bar: bar ?? plot.newest, decimals})
      }
      chart.ready()
      plot.reset(rows)
      const last = rows.at(-1)
      chart.describe(`${symbol}, ${rows.length} bars of ${name}; last close ${number(last.close, decimals)} at ${intervalMs === DAY_MS ? barOf(last.open_ms, "1d") : moment(last.open_ms)} UTC`)
      return plot
    }
    const tell = (state) => setText(about, aboutOf(row, state, Date.now()))
    end = interval === "1d" ? showDaily({base, symbol, chart, plotOf, tell}) : showLive({base, symbol, interval, chart, plotOf})
  }
  const open = ({detail}) => {
    member = detail
    const {base, row} = member
    files.replaceChildren(...formatLinks(base, `/closes/${encodeURIComponent(row.symbol)}`, `Closes of ${row.symbol}`))
    setText(title, row.name && row.name !== row.symbol ? `${row.symbol} · ${row.name}` : row.symbol)
    setText(about, aboutOf(row, null, Date.now()))
    chosen.element.hidden = row.venue !== STREAMING
    if (!dialog.open) dialog.showModal()
    show(row.interval === "1m" && row.venue === STREAMING ? "1m" : "1d")
  }
  dialog.addEventListener("close", clear)
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()) // beside it
  addEventListener(OPEN, open)
  return {
    element: dialog,
    end: () => {
      removeEventListener(OPEN, open)
      clear()
    },
    get plot() { return plot },
  }
}
