// (symbol, source) -> a chart of bars and volume, live where the source is.

import {Bars} from "./bars.js"
import {card, chartBody} from "./card.js"
import {h} from "./dom.js"
import {compact, decimalsOf, moment, number, signed} from "./format.js"
import {library, liveButton, Plot, token} from "./plot.js"
import {DRAWN, expose, keepShown} from "./shown.js"

const VOLUME_SHARE = 0.16 // of the chart's height, at the bottom
const LEGEND_PX = {wide: 30, narrow: 52} // one line, or three
const NARROW_PX = 480
const PRECISION_BARS = 100 // as many of the newest bars tell the price's decimals
const OLDER_BARS = 1_000 // fetched at once when somebody pans back

/** Closes alone, as some files have them: a line. */
function addCloses(lib, plot) {
  return plot.add(lib.LineSeries, {color: token("accent"), lineWidth: 1.5, priceLineStyle: 1}, (bar) => ({value: bar.close}), {isLine: true})
}

export function addBars(lib, plot) {
  const [up, down, warn] = [token("up"), token("down"), token("warn")]
  const doubtful = {color: warn, wickColor: warn} // trades are missing from it
  const shapeBar = (bar) => ({
    open: bar.open ?? bar.close, high: bar.high ?? bar.close, low: bar.low ?? bar.close, close: bar.close,
    ...(bar.complete === false && !bar.is_open && doubtful),
  })
  const prices = plot.add(lib.CandlestickSeries, {
    upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false, priceLineStyle: 1,
  }, shapeBar)
  const legendPx = plot.box.clientWidth < NARROW_PX ? LEGEND_PX.narrow : LEGEND_PX.wide
  const top = Math.min(0.3, legendPx / (plot.box.clientHeight || 1))
  plot.chart.priceScale("right").applyOptions({scaleMargins: {top, bottom: VOLUME_SHARE + 0.04}})
  const volumeColour = {up: `${up}55`, down: `${down}55`}
  plot.add(lib.HistogramSeries, {priceScaleId: "volume", priceFormat: {type: "volume"}, lastValueVisible: false, priceLineVisible: false},
    (bar) => ({value: bar.volume ?? 0, color: bar.close >= bar.open ? volumeColour.up : volumeColour.down}))
  plot.chart.priceScale("volume").applyOptions({scaleMargins: {top: 1 - VOLUME_SHARE, bottom: 0}})
  return prices
}

export function fillLegend(legend, {symbol, interval, bar, decimals}) {
  legend.replaceChildren(h("b", {}, `${symbol} · ${interval}`))
  if (!bar) return
  const change = bar.open == null ? null : (bar.close / bar.open - 1) * 100
  const figures = h("span", {class: bar.close >= bar.open ? "o-up" : "o-down"})
  for (const [name, value] of [["O", bar.open], ["H", bar.high], ["L", bar.low], ["C", bar.close]]) {
    if (value != null) figures.append(h("i", {}, name), ` ${number(value, decimals)} `)
  }
  if (change !== null) figures.append(` ${signed(change)}%`)
  legend.append(figures, bar.volume == null ? "" : h("span", {class: "o-volume"}, h("i", {}, "V"), ` ${compact(bar.volume)}`))
  if (bar.is_open) legend.append(h("span", {class: "o-note"}, "open"))
  else if (bar.complete === false) legend.append(h("span", {class: "o-note o-warn"}, "incomplete: trades are missing"))
}

function show(box, {source, symbol, group, leg}) {
  const {interval, slotMs} = source.drawn
  let [library_, plot, prices, decimals, waiting, ended] = [null, null, null, 2, [], false]
  const frame = card(box, {title: `Leg ${leg}`, size: "bars"})
  const chart = chartBody(frame.body, {label: `${symbol}, ${interval} bars`, onretry: () => bars.reload()})
  const legend = (bar) => fillLegend(chart.legend, {symbol, interval, bar: bar ?? plot?.newest, decimals})
  const {button, unwatch} = liveButton(group)
  frame.body.append(button)
  legend(null)

  const reset = (rows) => {
    waiting = rows
    if (!plot) return
    if (!rows.length) return chart.empty(`No ${interval} bars of ${symbol} yet.`)
    prices ??= rows.every((bar) => bar.open == null) ? addCloses(library_, plot) : addBars(library_, plot)
    decimals = decimalsOf(rows.slice(-PRECISION_BARS).map((bar) => bar.close))
    prices.applyOptions({priceFormat: {type: "price", precision: decimals, minMove: 10 ** -decimals}})
    chart.ready()
    plot.reset(rows)
    const last = rows.at(-1)
    chart.describe(`${symbol}, ${rows.length} bars of ${interval} and their volume; last close ${number(last.close, decimals)} at ${moment(last.open_ms)} UTC`)
  }
  const bars = new Bars({source, symbol}).start({
    onReset: reset,
    onBar: (bar) => {
      if (plot && chart.isReady) plot.update(bar)
      else reset([...waiting.filter((each) => each.open_ms < bar.open_ms), bar])
    },
    onError: (error) => chart.isReady || chart.failed(error),
  })
  library().then((lib) => {
    if (ended) return
    plot = new Plot(lib, chart.plot, {intervalMs: slotMs, group, hasSessions: !source.isLive, isWhole: source.isWhole})
    library_ = lib
    plot.pointed = legend
    plot.nearStart = () => source.isWhole || bars.closed.older(OLDER_BARS)
    if (bars.closed.loaded) reset(waiting)
  }, chart.missing)
  return {
    get plot() { return plot },
    bars,
    dispose: () => {
      ended = true
      bars.stop()
      unwatch()
      plot?.destroy()
    },
  }
}

export function mount(box, model) {
  const symbol = () => model.pair.split("~")[model.leg === "y" ? 0 : 1]
  const kept = keepShown(box, model, {
    names: DRAWN,
    show: (source) => show(box, {source, symbol: symbol(), group: model.group, leg: model.leg}),
  })
  const unexpose = expose(model.leg, kept)
  return () => {
    unexpose()
    kept.end()
  }
}
