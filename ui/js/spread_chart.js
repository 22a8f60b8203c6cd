// (pair, source) -> one chart with four panes: spread, z-score with its bands and alert marks,
// correlation, hedge ratio.

import {Alerts} from "./alerts.js"
import {Band} from "./band.js"
import {card, chartBody} from "./card.js"
import {decimalsFor, moment, signed} from "./format.js"
import {library, liveButton, Plot, token} from "./plot.js"
import {Rows} from "./rows.js"
import {DRAWN, expose, keepShown} from "./shown.js"
import {addPanes, fillLegends} from "./spread_panes.js"
import {Stretches} from "./stretches.js"
import {DEFAULTS, inWords, watchlistOf} from "./watchlist.js"

const AXIS_DIGITS = 4 // significant ones, of the largest spread
const OLDER_SPREADS = 1_000
const MOST_MARKS = 500

/** Alerts -> marks on the z-score: an arrow where it went out, a dot where it came home. */
export function marksOf(alerts, axis) {
  const [warn, quiet] = [token("warn"), token("t2")]
  return alerts.slice(0, MOST_MARKS).reverse()
    .filter((alert) => axis.firstMs !== null && alert.event_ms >= axis.firstMs && alert.event_ms <= axis.lastMs)
    .map((alert) => {
      const high = alert.side === "high"
      const entered = alert.crossing === "entered"
      return {
        time: alert.event_ms / 1000,
        position: entered ? (high ? "aboveBar" : "belowBar") : "inBar",
        shape: entered ? (high ? "arrowDown" : "arrowUp") : "circle",
        color: entered ? warn : quiet,
        size: entered ? 1 : 0.6,
      }
    })
}

/** How a pair is watched, as far as the chart draws it. */
function thresholdsOf(model) {
  const {enter_z, leave_z} = {...DEFAULTS, ...watchlistOf(model.api).of(model.pair)}
  return {enter: enter_z, leave: leave_z}
}

function nothingYet(source, pair, watched) {
  if (source.isLive && watched && !watched.intervals.includes(source.interval)) {
    return `${inWords(pair)} is watched on ${watched.intervals.join(", ")}, not on ${source.interval}: choose another interval, or edit the pair.`
  }
  if (source.isLive && !watched) return `${inWords(pair)} is not watched: add it, and its spread begins here.`
  return `No ${source.interval} spreads of ${inWords(pair)} yet: the first comes once both legs have closed enough bars.`
}

function show(box, {source, pair, group, thresholds, watched}) {
  let [plot, panes, marks, alerts, ended] = [null, null, null, null, false]
  const frame = card(box, {title: "Spread · z-score · correlation · hedge ratio", size: "spread"})
  const chart = chartBody(frame.body, {label: `Spread, z-score, correlation and hedge ratio of ${pair}`, onretry: () => rows.load()})
  const legend = (row) => fillLegends(chart.legend, plot, {row: row ?? plot?.newest, interval: source.drawn.interval, thresholds})
  const {button, unwatch} = liveButton(group)
  frame.body.append(button)
  // The chart lays its panes out a frame after it has heard of its size or its data.
  const laidOut = () => requestAnimationFrame(() => requestAnimationFrame(() => ended || legend(null)))

  const mark = () => marks && marks.setMarkers(marksOf(alerts?.alerts ?? [], plot.axis))
  const reset = (spreads) => {
    if (!plot) return
    if (!spreads.length) return chart.empty(nothingYet(source, pair, watched))
    const largest = spreads.reduce((most, row) => Math.max(most, Math.abs(row.spread ?? 0)), 0)
    const precision = decimalsFor(largest, AXIS_DIGITS)
    panes.spread.applyOptions({priceFormat: {type: "price", precision, minMove: 10 ** -precision}})
    const ratio = decimalsFor(spreads.at(-1).hedge_ratio ?? 1)
    panes.hedge.applyOptions({priceFormat: {type: "price", precision: ratio, minMove: 10 ** -ratio}})
    chart.ready()
    plot.reset(spreads)
    mark()
    laidOut()
    const last = spreads.at(-1)
    chart.describe(`Spread, z-score, correlation and hedge ratio of ${inWords(pair)}, ${spreads.length} values of ${source.drawn.interval}; last z ${signed(last.z)} at ${moment(last.open_ms)} UTC`)
  }
  const rows = new Rows({
    base: source.base, stream: source.stream, field: "spreads", limit: source.limit,
    channel: source.channel("spreads", pair, source.interval), path: () => source.drawn.spreads(pair),
  }).start({
    onReset: reset,
    onRow: (row) => (plot && chart.isReady ? plot.update(row) : reset(rows.rows)),
    onError: (error) => chart.isReady || (error.status === 404 ? chart.empty(nothingYet(source, pair, watched)) : chart.failed(error)),
  })
  library().then((lib) => {
    if (ended) return
    plot = new Plot(lib, chart.plot, {intervalMs: source.drawn.slotMs, group, hasSessions: !source.isLive, isWhole: source.isWhole})
    panes = addPanes(lib, plot, thresholds)
    panes.z.attachPrimitive(new Band({low: -thresholds.enter, high: thresholds.enter, colour: `${token("accent")}1c`}))
    marks = lib.createSeriesMarkers(panes.z, [])
    const colours = {stale: token("warn"), "warming up": token("t3"), gap: token("down")}
    const stretches = Object.values(panes).map((series) => {
      const each = new Stretches({plot, colours})
      series.attachPrimitive(each)
      return each
    })
    plot.pointed = legend
    plot.changed = () => stretches.forEach((each) => each.refresh())
    plot.nearStart = () => source.isWhole || rows.older(OLDER_SPREADS)
    if (source.isLive) {
      alerts = new Alerts({base: source.base, filter: {subject: pair, interval: source.interval}, limit: MOST_MARKS}).start({onChange: mark})
    }
    if (rows.loaded) reset(rows.rows)
  }, chart.missing)
  const resized = new ResizeObserver(laidOut)
  resized.observe(frame.body)
  return {
    get plot() { return plot },
    get marks() { return marks?.markers() ?? [] },
    rows,
    dispose: () => {
      ended = true
      rows.stop()
      alerts?.stop()
      resized.disconnect()
      unwatch()
      plot?.destroy()
    },
  }
}

export function mount(box, model) {
  const list = watchlistOf(model.api)
  const kept = keepShown(box, model, {
    names: DRAWN,
    show: (source) => show(box, {source, pair: model.pair, group: model.group, thresholds: thresholdsOf(model), watched: list.of(model.pair)}),
    also: (again) => {
      let before = null
      return list.watch(() => {
        const now = JSON.stringify(list.of(model.pair))
        if (before !== null && before !== now) again()
        before = now
      })
    },
  })
  const unexpose = expose("spread", kept)
  return () => {
    unexpose()
    kept.end()
  }
}
