// (pair, source) -> the figures of a pair, live where the source is.

import {get} from "./api.js"
import {h, setText} from "./dom.js"
import {clock, compact, DASH, decimalsOf, duration, moment, number, probability, significant, signed} from "./format.js"
import {hedgeName} from "./hedges.js"
import {Rows} from "./rows.js"
import {keepShown} from "./shown.js"
import {DEFAULTS, watchlistOf} from "./watchlist.js"

const QUIET_LEG_MS = 15_000 // a leg without a bar for this long is named
const PRICES = 50 // as many of the newest tell a price's decimals
const TEST_EVERY_MS = 60_000

const NAMES = ["z", "spread", "hedge", "correlation", "test", "y", "x", "window", "latency"]

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
  if (box.title !== note) box.title = note
}

/** Why the figures may be old, in words; "" while they are not. */
export function oldWords(state, legs, nowMs) {
  if (state.name === "stale" || state.name === "down") return `stale since ${clock(state.sinceMs)}`
  const quiet = legs.filter((leg) => leg.heardMs !== null && nowMs - leg.heardMs > QUIET_LEG_MS)
  return quiet.map((leg) => `${leg.symbol} silent since ${clock(leg.heardMs)}`).join(", ")
}

function putScore(tiles, {spread, interval, enterZ, quiet}) {
  const title = `z-score · ${interval}`
  if (!spread) return put(tiles, "z", {title, figure: DASH, note: quiet || "waiting for data", tone: quiet ? "quiet" : ""})
  if (spread.stale) return put(tiles, "z", {title, figure: "stale", note: quiet || "a leg is silent", tone: "warn"})
  if (!spread.warm) return put(tiles, "z", {title, figure: `${spread.n} of ${spread.window}`, note: "warming up: no z yet", tone: "early"})
  if (spread.z == null) return put(tiles, "z", {title, figure: DASH, note: "the spread does not vary"})
  const alert = Math.abs(spread.z) >= enterZ
  const note = quiet || (alert ? `beyond ±${enterZ}` : `alert at ±${enterZ}`)
  return put(tiles, "z", {title, figure: signed(spread.z), note, tone: alert ? "warn" : quiet ? "quiet" : ""})
}

function putSpread(tiles, spread, quiet) {
  const sound = spread?.stale ? null : spread
  const early = spread && !spread.warm ? `early: ${spread.n} of ${spread.window}` : null
  const old = spread?.stale ? "stale: a leg is silent" : early
  const unit = spread?.prices === "log" ? "log y − α − β log x" : "y − α − βx"
  put(tiles, "spread", {title: "Spread", figure: significant(sound?.spread), note: old ?? unit, tone: old ? "early" : ""})
  put(tiles, "hedge", {title: "Hedge ratio β", figure: significant(sound?.hedge_ratio), note: old ?? `${hedgeName(spread?.hedge)} of y on x`, tone: old ? "early" : ""})
  put(tiles, "correlation", {title: "Correlation", figure: number(sound?.correlation, 3), note: old ?? "rolling, of returns", tone: old ? "early" : ""})
  const fit = sound?.r_squared == null ? "" : `R² ${number(sound.r_squared, 3)}`
  const state = spread?.stale ? "stale" : ""
  put(tiles, "window", {title: "Window", figure: spread ? `${spread.n} / ${spread.window}` : DASH, note: state + fit, tone: quiet ? "quiet" : ""})
}

function putTest(tiles, test) {
  const is = test?.is_cointegrated ?? null
  const note = is === null ? "not tested yet" : is ? "cointegrated at 5 %" : "not cointegrated"
  put(tiles, "test", {title: "Engle–Granger p", figure: probability(test?.eg_p), note, tone: is ? "up" : ""})
}

function putLeg(tiles, name, leg, {nowMs, isLive}) {
  const decimals = leg.prices.length ? decimalsOf(leg.prices) : 2
  const quiet = isLive && leg.heardMs !== null && nowMs - leg.heardMs > QUIET_LEG_MS
  const at = leg.barMs === null ? "last price" : isLive ? clock(leg.barMs) : moment(leg.barMs).slice(0, 16).replace(" 00:00", "")
  put(tiles, name, {
    title: `${leg.symbol} (${name})`,
    figure: number(leg.price, decimals),
    note: quiet ? `silent since ${clock(leg.heardMs)}` : leg.volume == null || !isLive ? at : `vol ${compact(leg.volume)} · ${at}`,
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
  leg.volume = bar.volume
  leg.barMs = bar.open_ms
  leg.prices = [...leg.prices, ...bars.map((each) => each.close)].slice(-PRICES)
}

function show(box, {source, pair, enterZ, isWatched}) {
  const [y, x] = pair.split("~")
  const {base, stream, interval, isLive} = source
  const legInterval = isLive ? "1s" : interval
  const names = isLive ? NAMES : NAMES.filter((name) => name !== "latency")
  const tiles = Object.fromEntries(NAMES.map((name) => [name, tile(name)]))
  box.replaceChildren(h("dl", {class: "o-tiles", "aria-label": `Figures of ${y} on ${x}`}, ...names.map((name) => tiles[name].box)))
  const legs = [y, x].map((symbol) => ({symbol, price: null, volume: null, barMs: null, heardMs: null, move: 0, prices: []}))
  let [spread, test, ended] = [null, null, false]
  const draw = () => {
    if (ended) return
    const nowMs = Date.now()
    const isOld = isLive && !isWatched() // what came before it was removed is no figure of now
    const quiet = isOld ? "not watched" : isLive ? oldWords(stream.state, legs, nowMs) : ""
    const shown = isOld ? null : spread
    putScore(tiles, {spread: shown, interval, enterZ: enterZ(), quiet})
    putSpread(tiles, shown, quiet)
    putTest(tiles, isOld ? null : test)
    putLeg(tiles, "y", legs[0], {nowMs, isLive})
    putLeg(tiles, "x", legs[1], {nowMs, isLive})
    if (isLive) put(tiles, "latency", {title: "Latency", figure: duration(stream.latencyMs), note: "trade to signal"})
  }
  const newest = ({field, channel, path, hear, limit}) => {
    const rows = new Rows({base, stream, field, channel, path: () => path, limit}).start({
      onReset: (all) => { hear(all, false); draw() },
      onRow: (row) => { hear([row], true); draw() },
      onError: () => {}, // the notice above says it
    })
    return () => rows.stop()
  }
  const hearTest = (tests) => {
    test = tests.at(-1) ?? test
    draw()
  }
  const askTest = () => get(base, source.tests(pair)).then((body) => hearTest(body.latest ? [body.latest] : []), () => {})
  askTest()
  const asking = isLive ? setInterval(askTest, TEST_EVERY_MS) : null
  const ends = [
    ...legs.map((leg) => newest({
      field: "bars", channel: source.channel("bars", leg.symbol, legInterval), path: source.bars(leg.symbol, legInterval), limit: PRICES,
      hear: (bars, live) => {
        hearLeg(leg, bars)
        if (live) leg.heardMs = Date.now()
      },
    })),
    newest({
      field: "spreads", channel: source.channel("spreads", pair, interval), path: source.spreads(pair), limit: 1,
      hear: (spreads) => { spread = spreads.at(-1) ?? spread },
    }),
  ]
  if (isLive) {
    ends.push(stream.subscribe(source.channel("pair-tests", pair, interval), (kind, tests) => hearTest(tests)))
    ends.push(stream.watch(draw)) // once a second, so that silence shows
  }
  draw()
  return {
    dispose: () => {
      ended = true
      clearInterval(asking)
      ends.forEach((end) => end())
    },
  }
}

export function mount(box, model) {
  const list = watchlistOf(model.api)
  const enterZ = () => list.of(model.pair)?.enter_z ?? DEFAULTS.enter_z
  const isWatched = () => !list.loaded || list.of(model.pair) !== null
  const kept = keepShown(box, model, {show: (source) => show(box, {source, pair: model.pair, enterZ, isWatched})})
  return () => kept.end()
}
