// (pair, source) -> a scatter of y against x over the window, with the regression line; newer is brighter.

import {card, chartBody} from "./card.js"
import {clock, decimalsFor, moment, number, significant} from "./format.js"
import {groupOf} from "./linked.js"
import {Rows} from "./rows.js"
import {axesOf, drawScatter, nearest} from "./scatter_canvas.js"
import {expose, keepShown} from "./shown.js"
import {h} from "./dom.js"
import {DEFAULTS, inWords, watchlistOf} from "./watchlist.js"

/** The rows whose closes are in the newest regression, and that regression. */
export function pointsOf(rows, window) {
  const shown = rows.slice(-window).filter((row) => row.y_close > 0 && row.x_close > 0)
  const last = shown.at(-1)
  return {shown, line: last && !last.stale && last.hedge_ratio != null ? last : null}
}

function fillLegend(legend, {line, last, at}) {
  if (at) {
    const y = number(at.y_close, decimalsFor(at.y_close, 6))
    legend.replaceChildren(h("b", {}, clock(at.open_ms)), h("span", {}, `${at.y} ${y} · ${at.x} ${number(at.x_close, decimalsFor(at.x_close, 6))}`))
  } else if (line) {
    const log = line.prices === "log"
    const sign = line.intercept < 0 ? "−" : "+"
    const formula = `${log ? "log y" : "y"} = ${significant(line.hedge_ratio)} ${log ? "log x" : "x"} ${sign} ${significant(Math.abs(line.intercept))}`
    legend.replaceChildren(h("span", {class: "o-accent"}, formula), h("span", {class: "o-note"}, `R² ${number(line.r_squared, 3)} · n ${line.n}`))
  } else legend.replaceChildren(h("span", {class: "o-note o-warn"}, last?.stale ? "stale: no line while a leg is silent" : ""))
}

function show(box, {source, pair, group, window}) {
  const [y, x] = pair.split("~")
  const frame = card(box, {title: `${y} against ${x}`, size: "scatter"})
  const chart = chartBody(frame.body, {label: `Scatter of ${y} against ${x}`, onretry: () => rows.load(), keys: false})
  const canvas = h("canvas", {"aria-hidden": "true"})
  chart.plot.append(canvas)
  let [points, asked, at] = [{shown: [], line: null}, 0, null]
  const draw = () => {
    asked = 0
    drawScatter(canvas, chart.plot, {...points, at})
    fillLegend(chart.legend, {line: points.line, last: points.shown.at(-1), at})
  }
  const later = () => { asked ||= requestAnimationFrame(draw) }
  const update = () => {
    points = pointsOf(rows.rows, rows.newest?.window ?? window)
    if (points.shown.length < 2) return chart.empty(`Nothing to draw yet: the closes of ${inWords(pair)} come with its spreads.`)
    chart.ready()
    const last = points.shown.at(-1)
    chart.describe(`Scatter of ${points.shown.length} closes of ${y} against ${x}, hedge ratio ${significant(last.hedge_ratio)}, at ${moment(last.open_ms)} UTC`)
    later()
  }
  const rows = new Rows({
    base: source.base, stream: source.stream, field: "spreads", limit: Math.max(window, 50),
    channel: source.channel("spreads", pair, source.interval), path: () => source.spreads(pair),
  }).start({onReset: update, onRow: update, onError: () => chart.isReady || chart.empty("No spreads to take the closes from.")})

  canvas.addEventListener("pointermove", (event) => {
    at = nearest(points.shown, axesOf(chart.plot, points), event)
    groupOf(group).point(null, at?.open_ms ?? null)
    later()
  })
  canvas.addEventListener("pointerleave", () => {
    at = null
    groupOf(group).point(null, null)
    later()
  })
  const unpoint = groupOf(group).watchPoint((ms) => {
    at = ms === null ? null : points.shown.find((row) => row.open_ms === ms) ?? null
    later()
  })
  const resized = new ResizeObserver(later)
  resized.observe(frame.body)
  return {
    plot: {get newest() { return points.shown.at(-1) ?? null }, get points() { return points }},
    dispose: () => {
      rows.stop()
      resized.disconnect()
      unpoint()
      cancelAnimationFrame(asked)
    },
  }
}

export function mount(box, model) {
  const kept = keepShown(box, model, {
    show: (source) => show(box, {
      source, pair: model.pair, group: model.group,
      window: (source.isLive ? watchlistOf(model.api).of(model.pair)?.window : model.window) || DEFAULTS.window,
    }),
  })
  const unexpose = expose("scatter", kept)
  return () => {
    unexpose()
    kept.end()
  }
}
