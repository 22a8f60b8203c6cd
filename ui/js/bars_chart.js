// (symbol, interval) -> a live chart of bars and volume.

import {INTERVAL_MS} from "./api.js"
import {Bars} from "./bars.js"
import {chartCard} from "./card.js"
import {h} from "./dom.js"
import {compact, decimalsOf, moment, number, signed} from "./format.js"
import {library, liveButton, Plot, token} from "./plot.js"

const VOLUME_SHARE = 0.16 // of the chart's height, at the bottom
const LEGEND_PX = {wide: 30, narrow: 52} // one line, or three
const NARROW_PX = 480
const PRECISION_BARS = 100 // as many of the newest bars tell the price's decimals

const shapeBar = (bar) => ({open: bar.open, high: bar.high, low: bar.low, close: bar.close})

function addSeries(lib, plot) {
  const [up, down] = [token("up"), token("down")]
  const prices = plot.add(lib.CandlestickSeries, {
    upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false, priceLineStyle: 1,
  }, shapeBar)
  const legendPx = plot.box.clientWidth < NARROW_PX ? LEGEND_PX.narrow : LEGEND_PX.wide
  const top = Math.min(0.3, legendPx / (plot.box.clientHeight || 1))
  plot.chart.priceScale("right").applyOptions({scaleMargins: {top, bottom: VOLUME_SHARE + 0.04}})
  const volumeColour = {up: `${up}55`, down: `${down}55`}
  plot.add(lib.HistogramSeries, {priceScaleId: "volume", priceFormat: {type: "volume"}, lastValueVisible: false, priceLineVisible: false},
    (bar) => ({value: bar.volume, color: bar.close >= bar.open ? volumeColour.up : volumeColour.down}))
  plot.chart.priceScale("volume").applyOptions({scaleMargins: {top: 1 - VOLUME_SHARE, bottom: 0}})
  return prices
}

function fillLegend(legend, {symbol, interval, bar, decimals}) {
  legend.replaceChildren(h("b", {}, `${symbol} · ${interval}`))
  if (!bar) return
  const change = (bar.close / bar.open - 1) * 100
  const figures = h("span", {class: bar.close >= bar.open ? "o-up" : "o-down"})
  for (const [name, value] of [["O", bar.open], ["H", bar.high], ["L", bar.low], ["C", bar.close]]) {
    figures.append(h("i", {}, name), ` ${number(value, decimals)} `)
  }
  figures.append(` ${signed(change)}%`)
  legend.append(figures, h("span", {class: "o-volume"}, h("i", {}, "V"), ` ${compact(bar.volume)}`))
  if (bar.is_open) legend.append(h("span", {class: "o-note"}, "open"))
  else if (!bar.complete) legend.append(h("span", {class: "o-note o-warn"}, "incomplete"))
}

/** One chart of one symbol at one interval; returns how to end it. */
function show(box, {base, symbol, interval, group}) {
  let plot = null
  let prices = null
  let decimals = 2
  let waiting = []
  const card = chartCard(box, {label: `${symbol}, ${interval} bars`, onretry: () => bars.reload()})
  const legend = (bar) => fillLegend(card.legend, {symbol, interval, bar: bar ?? plot?.newest, decimals})
  const {button, unwatch} = liveButton(group)
  box.append(button)
  legend(null)

  const reset = (rows) => {
    waiting = rows
    if (!plot) return
    if (!rows.length) return card.empty(`No ${interval} bars of ${symbol} yet.`)
    decimals = decimalsOf(rows.slice(-PRECISION_BARS).map((bar) => bar.close))
    prices.applyOptions({priceFormat: {type: "price", precision: decimals, minMove: 10 ** -decimals}})
    card.ready()
    plot.reset(rows)
    const last = rows.at(-1)
    card.describe(`${symbol}, ${rows.length} bars of ${interval} and their volume; last close ${number(last.close, decimals)} at ${moment(last.open_ms)} UTC`)
  }
  const bars = new Bars({base, symbol, interval}).start({
    onReset: reset,
    onBar: (bar) => {
      if (plot && card.isReady) plot.update(bar)
      else reset([...waiting.filter((each) => each.open_ms < bar.open_ms), bar])
    },
    onError: (error) => card.isReady || card.failed(error),
  })
  library().then((lib) => {
    if (!box.isConnected) return
    plot = new Plot(lib, card.plot, {intervalMs: INTERVAL_MS[interval], group})
    prices = addSeries(lib, plot)
    plot.pointed = legend
    if (bars.closed.loaded) reset(waiting)
  }, card.missing)
  return {
    get plot() { return plot },
    bars,
    dispose: () => {
      bars.stop()
      unwatch()
      plot?.destroy()
      box.replaceChildren()
    },
  }
}

export function mount(box, model) {
  const open = () => show(box, {base: model.api, symbol: model.symbol, interval: model.interval, group: model.group})
  let shown = open()
  const test = ((window.oddlot ??= {}).charts ??= {})
  const name = model.leg
  Object.defineProperty(test, name, {configurable: true, enumerable: true, get: () => shown})
  const again = () => {
    shown.dispose()
    shown = open()
  }
  model.on(["symbol", "interval"], again)
  return () => {
    delete test[name]
    shown.dispose()
  }
}
