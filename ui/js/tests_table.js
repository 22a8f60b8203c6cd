// (pair, source) -> whether the spread comes back: the verdict in words, then the statistics behind it.

import {get} from "./api.js"
import {card} from "./card.js"
import {h, setText} from "./dom.js"
import {clock, DASH, moment, number, probability, significant, span} from "./format.js"
import {hedgeName} from "./hedges.js"
import {Rows} from "./rows.js"
import {expose, keepShown} from "./shown.js"
import {sparkline} from "./sparkline.js"
import {inWords, watchlistOf} from "./watchlist.js"

const LEVELS = ["1 %", "5 %", "10 %"]
const ASK_AGAIN_MS = 15_000 // after a failure
const KEPT_TESTS = 100
const LEAST_P_SHOWN = 0.12 // keeps the line of 0.05 in the lower half

const criticalWords = (values) => (values?.length ? values.map((value, i) => `${number(value)} at ${LEVELS[i]}`).join(" · ") : "")

/** The rows of the table: name, figure, and what it means. */
export function rowsOf(test, spread, intervalMs) {
  const sound = spread && !spread.stale ? spread : null
  const method = hedgeName((spread ?? test)?.hedge)
  const half = test?.half_life_bars ?? null
  return [
    ["Observations", test ? number(test.n, 0) : sound ? number(sound.n, 0) : DASH, (spread ?? test)?.prices === "log" ? "log prices" : "prices"],
    ["Hedge ratio β", significant(sound?.hedge_ratio), method],
    ["Intercept α", significant(sound?.intercept), ""],
    ["R²", number(sound?.r_squared, 4), ""],
    ["Engle–Granger", number(test?.eg_statistic, 3), criticalWords(test?.eg_critical)],
    ["Engle–Granger p", probability(test?.eg_p, 4), "the verdict: below 0.05"],
    ["ADF of residuals", number(test?.adf_statistic, 3), criticalWords(test?.adf_critical)],
    ["ADF p", probability(test?.adf_p, 4), `optimistic: residuals are estimated${test?.adf_lags == null ? "" : ` · ${test.adf_lags} lags`}`],
    ["Half-life", half === null ? DASH : `${number(half, 1)} bars`, half === null ? (test?.eg_statistic == null ? "" : "does not decay") : `about ${span(half * intervalMs)}`],
    ["Hurst exponent", number(test?.hurst, 3), test?.hurst == null ? "" : "a random walk has 0.5; lower reverts"],
  ]
}

/** The badge over the table. */
export function verdictOf(test, spread, {isLive = true, isWatched = true} = {}) {
  if (!isWatched) return {state: "none", text: "Not watched", detail: test || spread ? "the figures below are from before" : "nobody computes this pair"}
  if (spread?.stale) return {state: "warn", text: "Stale: a leg is silent", detail: "the figures below are from before"}
  if (!test) return {state: "none", text: "Not tested yet", detail: spread && !spread.warm ? `warming up: ${spread.n} of ${spread.window} bars` : isLive ? "tests run once a minute" : "being computed"}
  if (test.is_cointegrated === null) return {state: "none", text: "No verdict", detail: test.verdict}
  return {state: test.is_cointegrated ? "good" : "bad", text: test.is_cointegrated ? "Cointegrated" : "Not cointegrated", detail: test.verdict}
}

function show(box, {source, pair, isWatched}) {
  const frame = card(box, {title: "Stationarity"})
  const name = h("b")
  const detail = h("span")
  const badge = h("div", {class: "o-verdict", role: "status"}, name, detail)
  const history = h("div", {class: "o-history"})
  const table = h("table", {class: "o-table o-stats"}, h("caption", {class: "o-unseen"}, `Stationarity tests of ${inWords(pair)}`))
  const tbody = h("tbody")
  table.append(tbody)
  frame.body.append(badge, table, history)
  let [tests, spread, timer, ended] = [[], null, null, false]

  const draw = () => {
    const test = tests.at(-1) ?? null
    const verdict = verdictOf(test, spread, {isLive: source.isLive, isWatched: !source.isLive || isWatched()})
    badge.dataset.state = verdict.state
    setText(name, verdict.text)
    setText(detail, verdict.detail)
    const rows = rowsOf(test, spread, source.intervalMs)
    if (tbody.children.length !== rows.length) {
      tbody.replaceChildren(...rows.map(() => h("tr", {}, h("th", {scope: "row"}), h("td"), h("td", {class: "o-sub"}))))
    }
    rows.forEach((cells, i) => cells.forEach((text, j) => setText(tbody.children[i].children[j], text)))
    frame.note(test ? `${source.interval} · tested ${source.isLive ? clock(test.open_ms) : moment(test.open_ms)}` : source.interval)
    sparkline(history, {
      values: tests.map((each) => each.eg_p), low: 0, high: Math.max(LEAST_P_SHOWN, ...tests.map((each) => each.eg_p ?? 0)), line: 0.05,
      label: "Engle–Granger p, test by test; the line is 0.05",
    })
  }
  const hear = (added) => {
    const byTime = new Map([...tests, ...added].map((test) => [test.open_ms, test]))
    tests = [...byTime.values()].sort((a, b) => a.open_ms - b.open_ms).slice(-KEPT_TESTS)
    draw()
  }
  const load = async () => {
    try {
      const body = await get(source.base, source.tests(pair))
      if (ended) return
      if (body.spread) spread = body.spread
      hear([...(body.history ?? []), ...(body.latest ? [body.latest] : [])])
    } catch {
      if (!ended) timer = setTimeout(load, ASK_AGAIN_MS)
    }
  }
  draw()
  load()
  const ends = []
  if (source.isLive) {
    ends.push(source.stream.subscribe(source.channel("pair-tests", pair, source.interval), (kind, added) => (kind === "gap" ? load() : hear(added))))
    const hearSpread = (row) => {
      spread = row ?? spread
      draw()
    }
    const rows = new Rows({
      base: source.base, stream: source.stream, field: "spreads", limit: 1,
      channel: source.channel("spreads", pair, source.interval), path: () => source.spreads(pair),
    }).start({onReset: (all) => hearSpread(all.at(-1)), onRow: hearSpread, onError: () => {}})
    ends.push(() => rows.stop())
  }
  return {
    get latest() { return tests.at(-1) ?? null },
    draw,
    dispose: () => {
      ended = true
      clearTimeout(timer)
      ends.forEach((end) => end())
    },
  }
}

export function mount(box, model) {
  const list = watchlistOf(model.api)
  const isWatched = () => !list.loaded || list.of(model.pair) !== null
  const kept = keepShown(box, model, {show: (source) => show(box, {source, pair: model.pair, isWatched})})
  const unfollow = list.watch(() => kept.current?.draw())
  const unexpose = expose("tests", kept)
  return () => {
    unexpose()
    unfollow()
    kept.end()
  }
}
