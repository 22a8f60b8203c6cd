// The four panes of a spread chart: their series, scales and legends.

import {h} from "./dom.js"
import {number, significant, signed} from "./format.js"
import {hedgeName} from "./hedges.js"
import {token} from "./plot.js"

const PANE_HEIGHTS = [32, 32, 18, 18] // parts of a hundred
const PANE_TOPS = [0.16, 0.16, 0.32, 0.32] // room for the legends
const Z_ROOM = 1.3 // times the threshold: keeps both bands in view while z is calm

/** Whether a row's figures may be believed. */
export function isSound(row) {
  return row.warm && !row.stale
}

const value = (name) => (row) => (row[name] == null || row.stale ? null : {value: row[name]})

/** Add the series; returns them by name. */
export function addPanes(lib, plot, thresholds) {
  const line = {lineWidth: 1.5, priceLineVisible: false, lastValueVisible: true, crosshairMarkerRadius: 3}
  const least = thresholds.enter * Z_ROOM
  const spread = plot.add(lib.LineSeries, {...line, color: token("accent")}, value("spread"), {pane: 0, isLine: true})
  const z = plot.add(lib.LineSeries, {
    ...line, color: token("t1"), priceFormat: {type: "price", precision: 2, minMove: 0.01},
    autoscaleInfoProvider: (original) => {
      const range = original()?.priceRange ?? {minValue: 0, maxValue: 0}
      return {priceRange: {minValue: Math.min(-least, range.minValue), maxValue: Math.max(least, range.maxValue)}}
    },
  }, (row) => (row.z == null || !isSound(row) ? null : {value: row.z, ...(Math.abs(row.z) >= thresholds.enter && {color: token("warn")})}), {pane: 1, isLine: true})
  for (const [price, colour, lineStyle] of [[thresholds.enter, "warn", 2], [thresholds.leave, "t3", 1], [0, "t3", 2]]) {
    for (const at of new Set([price, -price])) {
      z.createPriceLine({price: at, color: token(colour), lineWidth: 1, lineStyle, axisLabelVisible: false})
    }
  }
  const correlation = plot.add(lib.LineSeries, {...line, color: token("violet"), priceFormat: {type: "price", precision: 3, minMove: 0.001}}, value("correlation"), {pane: 2, isLine: true})
  const hedge = plot.add(lib.LineSeries, {...line, color: token("up"), priceFormat: {type: "price", precision: 4, minMove: 0.0001}}, value("hedge_ratio"), {pane: 3, isLine: true})
  plot.chart.panes().forEach((pane, i) => {
    pane.setStretchFactor(PANE_HEIGHTS[i])
    pane.priceScale("right").applyOptions({scaleMargins: {top: PANE_TOPS[i], bottom: 0.08}})
  })
  return {spread, z, correlation, hedge}
}

function scoreOf(row, thresholds) {
  if (!row) return ["", ""]
  if (row.stale) return ["o-warn", "stale: a leg is silent"]
  if (!row.warm) return ["o-note", `warming up, ${row.n} of ${row.window}`]
  return [Math.abs(row.z) >= thresholds.enter ? "o-warn" : "", signed(row.z)]
}

/** One legend line per pane, at the pane's top. */
export function fillLegends(legend, plot, {row, interval, thresholds}) {
  const [tone, score] = scoreOf(row, thresholds)
  const sound = row && !row.stale
  const of = row ? `, ${row.window} bars` : ""
  const method = hedgeName(row?.hedge)
  const lines = [
    ["o-accent", `Spread · ${interval}`, sound && significant(row.spread)],
    [tone, `z-score · alerts at ±${thresholds.enter}, over at ±${thresholds.leave}`, score],
    ["o-violet", `Correlation of returns${of}`, sound && number(row.correlation, 3)],
    ["o-up", `Hedge ratio β · ${method}`, sound && significant(row.hedge_ratio)],
  ]
  let top = 0
  const heights = plot?.chart.panes().map((pane) => pane.getHeight()) ?? []
  legend.replaceChildren(...lines.map(([colour, name, figure], i) => {
    const element = h("div", {class: "o-pane-legend", style: `top:${top + 4}px`}, h("b", {}, name), h("span", {class: colour}, figure || ""))
    top += (heights[i] ?? 0) + 1
    return element
  }))
}
