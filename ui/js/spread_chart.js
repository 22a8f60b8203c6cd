// (pair, interval) -> one live chart with three panes: spread, z-score with its bands, correlation.

import {INTERVAL_MS, spreadsPath} from "./api.js"
import {Band} from "./band.js"
import {chartCard} from "./card.js"
import {h} from "./dom.js"
import {decimalsFor, moment, number, significant, signed} from "./format.js"
import {library, liveButton, Plot, token} from "./plot.js"
import {Rows} from "./rows.js"
import {streamOf} from "./stream.js"

const HISTORY_SPREADS = {"1s": 720, "1m": 720, "5m": 3_600} // the same stretch of time as the bars show
const PANE_HEIGHTS = [42, 36, 22] // parts of a hundred
const AXIS_DIGITS = 4 // significant ones, of the largest spread
const PANE_TOPS = [0.16, 0.18, 0.36] // room for the legends
const LEAST_Z_RANGE = 2.6 // keeps both bands in view while z is calm

const value = (name) => (row) => (row[name] === null ? null : {value: row[name]})

function addSeries(lib, plot, alertZ) {
  const line = {lineWidth: 1.5, priceLineVisible: false, lastValueVisible: true, crosshairMarkerRadius: 3}
  const spread = plot.add(lib.LineSeries, {...line, color: token("accent")}, value("spread"), 0)
  const z = plot.add(lib.LineSeries, {
    ...line, color: token("t1"), priceFormat: {type: "price", precision: 2, minMove: 0.01},
    autoscaleInfoProvider: (original) => {
      const range = original()?.priceRange ?? {minValue: 0, maxValue: 0}
      return {priceRange: {minValue: Math.min(-LEAST_Z_RANGE, range.minValue), maxValue: Math.max(LEAST_Z_RANGE, range.maxValue)}}
    },
  }, (row) => row.z !== null && {value: row.z, ...(Math.abs(row.z) >= alertZ && {color: token("warn")})}, 1)
  for (const at of [alertZ, 0, -alertZ]) {
    z.createPriceLine({price: at, color: token(at ? "warn" : "t3"), lineWidth: 1, lineStyle: 2, axisLabelVisible: false})
  }
  z.attachPrimitive(new Band({low: -alertZ, high: alertZ, colour: `${token("accent")}1c`}))
  plot.add(lib.LineSeries, {...line, color: token("violet"), priceFormat: {type: "price", precision: 3, minMove: 0.001}}, value("correlation"), 2)
  plot.chart.panes().forEach((pane, i) => {
    pane.setStretchFactor(PANE_HEIGHTS[i])
    pane.priceScale("right").applyOptions({scaleMargins: {top: PANE_TOPS[i], bottom: 0.08}})
  })
  return spread
}

/** One legend line per pane, at the pane's top. */
function fillLegends(legend, plot, {row, interval}) {
  const lines = [
    ["o-accent", `Spread · ${interval}`, row && significant(row.spread)],
    [row && Math.abs(row.z) >= 2 ? "o-warn" : "", "z-score", row && signed(row.z)],
    ["o-violet", row ? `Correlation of returns, ${row.window} bars` : "Correlation", row && number(row.correlation, 3)],
  ]
  let top = 0
  const heights = plot?.chart.panes().map((pane) => pane.getHeight()) ?? []
  legend.replaceChildren(...lines.map(([colour, name, figure], i) => {
    const element = h("div", {class: "o-pane-legend", style: `top:${top + 4}px`}, h("b", {}, name), h("span", {class: colour}, figure || ""))
    top += (heights[i] ?? 0) + 1
    return element
  }))
}

/** One chart of one pair; returns how to end it. */
function show(box, {base, pair, interval, group, alertZ}) {
  const of = interval === "5m" ? "1m" : interval // spreads exist on one-second and one-minute bars
  const limit = HISTORY_SPREADS[interval]
  let plot = null
  let spread = null
  const card = chartCard(box, {label: `Spread, z-score and correlation of ${pair}`, onretry: () => rows.load()})
  const legend = (row) => fillLegends(card.legend, plot, {row: row ?? plot?.newest, interval: of})
  const {button, unwatch} = liveButton(group)
  box.append(button)

  const reset = (spreads) => {
    if (!plot) return
    if (!spreads.length) return card.empty(`No ${of} spreads of ${pair.replace("~", " on ")} yet: the first comes once both legs have closed enough bars.`)
    const largest = spreads.reduce((most, row) => Math.max(most, Math.abs(row.spread ?? 0)), 0)
    const precision = decimalsFor(largest, AXIS_DIGITS)
    spread.applyOptions({priceFormat: {type: "price", precision, minMove: 10 ** -precision}})
    card.ready()
    plot.reset(spreads)
    const last = spreads.at(-1)
    card.describe(`Spread, z-score and correlation of ${pair}, ${spreads.length} values of ${of}; last z ${signed(last.z)} at ${moment(last.open_ms)} UTC`)
  }
  const rows = new Rows({
    base, stream: streamOf(base), field: "spreads", channel: `spreads:${pair}:${of}`, limit,
    path: () => spreadsPath(pair, of, {limit}),
  }).start({
    onReset: reset,
    onRow: (row) => (plot && card.isReady ? plot.update(row) : reset(rows.rows)),
    onError: (error) => card.isReady || card.failed(error),
  })
  library().then((lib) => {
    if (!box.isConnected) return
    plot = new Plot(lib, card.plot, {intervalMs: INTERVAL_MS[of], group})
    spread = addSeries(lib, plot, alertZ)
    plot.pointed = legend
    if (rows.loaded) reset(rows.rows)
  }, card.missing)
  const resized = new ResizeObserver(() => legend(null))
  resized.observe(box)
  return {
    get plot() { return plot },
    rows,
    dispose: () => {
      rows.stop()
      resized.disconnect()
      unwatch()
      plot?.destroy()
      box.replaceChildren()
    },
  }
}

export function mount(box, model) {
  const open = () => show(box, {base: model.api, pair: model.pair, interval: model.interval, group: model.group, alertZ: model.alert_z})
  let shown = open()
  const test = ((window.oddlot ??= {}).charts ??= {})
  Object.defineProperty(test, "spread", {configurable: true, enumerable: true, get: () => shown})
  model.on(["pair", "interval"], () => {
    shown.dispose()
    shown = open()
  })
  return () => {
    delete test.spread
    shown.dispose()
  }
}
