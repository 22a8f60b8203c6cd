// (pair, interval) -> the live figures of a pair.

import {barsPath, spreadsPath} from "./api.js"
import {h, setText} from "./dom.js"
import {clock, DASH, decimalsOf, duration, number, significant, signed} from "./format.js"
import {Rows} from "./rows.js"
import {streamOf} from "./stream.js"

const QUIET_LEG_MS = 15_000 // a leg without a bar for this long is named
const PRICES = 50 // as many of the newest tell a price's decimals

const NAMES = ["z", "spread", "hedge", "correlation", "y", "x", "window", "latency"]

function tile(name) {
  const parts = {name: h("dt"), figure: h("dd", {class: "o-figure"}, DASH), note: h("dd", {class: "o-sub"})}
  return {...parts, box: h("div", {class: "o-tile", "data-tile": name}, parts.name, parts.figure, parts.note)}
}

function put(tiles, name, {title, figure, note, tone = ""}) {
  const {box} = tiles[name]
  setText(tiles[name].name, title)
  setText(tiles[name].figure, figure)
  setText(tiles[name].note, note)
  if (box.dataset.tone !== tone) box.dataset.tone = tone
}

/** Why the figures may be old, in words; "" while they are not. */
export function oldWords(state, legs, nowMs) {
  if (state.name === "stale" || state.name === "down") return `stale since ${clock(state.sinceMs)}`
  const quiet = legs.filter((leg) => leg.heardMs !== null && nowMs - leg.heardMs > QUIET_LEG_MS)
  return quiet.map((leg) => `${leg.symbol} silent since ${clock(leg.heardMs)}`).join(", ")
}

function putScore(tiles, {spread, interval, alertZ, quiet}) {
  const title = `z-score · ${interval}`
  if (!spread) return put(tiles, "z", {title, figure: DASH, note: quiet || "waiting for data", tone: quiet ? "quiet" : ""})
  if (spread.stale) return put(tiles, "z", {title, figure: "stale", note: quiet || "a leg is silent", tone: "warn"})
  if (!spread.warm) return put(tiles, "z", {title, figure: `${spread.n} of ${spread.window}`, note: "warming up: too early to judge"})
  const alert = Math.abs(spread.z) >= alertZ
  const note = quiet || (alert ? `beyond ±${alertZ}` : `alert at ±${alertZ}`)
  return put(tiles, "z", {title, figure: signed(spread.z), note, tone: alert ? "warn" : quiet ? "quiet" : ""})
}

function putSpread(tiles, spread, quiet) {
  const unit = spread?.prices === "log" ? "log y − α − β log x" : "y − α − βx"
  put(tiles, "spread", {title: "Spread", figure: significant(spread?.spread), note: unit})
  put(tiles, "hedge", {title: "Hedge ratio β", figure: significant(spread?.hedge_ratio), note: "OLS of y on x"})
  put(tiles, "correlation", {title: "Correlation", figure: number(spread?.correlation, 3), note: "rolling, of returns"})
  const fit = spread?.r_squared == null ? "" : ` · R² ${number(spread.r_squared, 3)}`
  const state = !spread ? "" : spread.stale ? "stale" : spread.warm ? "warm" : "warming up"
  put(tiles, "window", {title: "Window", figure: spread ? `${spread.n} / ${spread.window}` : DASH, note: state + fit, tone: quiet ? "quiet" : ""})
}

function putLeg(tiles, name, leg, nowMs) {
  const decimals = leg.prices.length ? decimalsOf(leg.prices) : 2
  const quiet = leg.heardMs !== null && nowMs - leg.heardMs > QUIET_LEG_MS
  put(tiles, name, {
    title: `${leg.symbol} (${name})`,
    figure: number(leg.price, decimals),
    note: quiet ? `silent since ${clock(leg.heardMs)}` : leg.barMs === null ? "last price" : `bar of ${clock(leg.barMs)}`,
    tone: quiet ? "warn" : leg.move > 0 ? "up" : leg.move < 0 ? "down" : "",
  })
}

/** Remember the newest bar of a leg. */
function hearLeg(leg, bars) {
  const bar = bars.at(-1)
  leg.heardMs ??= Date.now() // silence is counted from when we began to listen
  if (!bar || bar.open_ms < leg.barMs) return
  leg.move = leg.price === null ? 0 : Math.sign(bar.close - leg.price)
  leg.price = bar.close
  leg.barMs = bar.open_ms
  leg.prices = [...leg.prices, ...bars.map((each) => each.close)].slice(-PRICES)
}

function show(box, {base, pair, interval, alertZ}) {
  const [y, x] = pair.split("~")
  const of = interval === "5m" ? "1m" : interval
  const tiles = Object.fromEntries(NAMES.map((name) => [name, tile(name)]))
  box.replaceChildren(h("dl", {class: "o-tiles", "aria-label": `Live figures of ${y} on ${x}`}, ...NAMES.map((name) => tiles[name].box)))
  const legs = [y, x].map((symbol) => ({symbol, price: null, barMs: null, heardMs: null, move: 0, prices: []}))
  let spread = null
  const stream = streamOf(base)
  const draw = () => {
    const nowMs = Date.now()
    const quiet = oldWords(stream.state, legs, nowMs)
    putScore(tiles, {spread, interval: of, alertZ, quiet})
    putSpread(tiles, spread, quiet)
    putLeg(tiles, "y", legs[0], nowMs)
    putLeg(tiles, "x", legs[1], nowMs)
    put(tiles, "latency", {title: "Latency", figure: duration(stream.latencyMs), note: "trade to signal, median"})
  }
  const newest = (field, channel, path, hear) => {
    const rows = new Rows({base, stream, field, channel, path: () => path, limit: PRICES}).start({
      onReset: (all) => { hear(all, false); draw() },
      onRow: (row) => { hear([row], true); draw() },
      onError: () => {}, // the notice above says it
    })
    return () => rows.stop()
  }
  const ends = [
    ...legs.map((leg) => newest("bars", `bars:${leg.symbol}:1s`, barsPath(leg.symbol, "1s", {limit: PRICES}), (bars, live) => {
      hearLeg(leg, bars)
      if (live) leg.heardMs = Date.now()
    })),
    newest("spreads", `spreads:${pair}:${of}`, spreadsPath(pair, of, {limit: 1}), (spreads) => { spread = spreads.at(-1) ?? spread }),
    stream.watch(draw), // once a second, so that silence shows
  ]
  return () => ends.forEach((end) => end())
}

export function mount(box, model) {
  const open = () => show(box, {base: model.api, pair: model.pair, interval: model.interval, alertZ: model.alert_z})
  let end = open()
  model.on(["pair", "interval"], () => {
    end()
    end = open()
  })
  return () => end()
}
