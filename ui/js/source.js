// What a part of the page shows -> where its rows come from: the live API, or a file uploaded there.
//
// Both have the same views; an upload has no stream, and one interval of its own.

import {get, INTERVAL_MS, withQuery} from "./api.js"
import {streamOf} from "./stream.js"

const LIVE_ROWS = 720 // 12 minutes of 1s, 12 hours of 1m, 60 hours of 5m
export const UPLOAD_ROWS = 4_000
const WHOLE = {bars: 600, spreads: 1_500} // that stand for all of a long file: a pixel or two each
const DAY_MS = 86_400_000 // of a file that does not tell
const NAMES_MS = [["d", DAY_MS], ["h", 3_600_000], ["m", 60_000], ["s", 1_000]]

const uploads = new Map()

/** The source of a page's state. An upload that is gone is an error that says so. */
export async function sourceOf(state) {
  return state.upload ? uploadSource(state, await uploadOf(state.api, state.upload)) : liveSource(state)
}

/** What the API understood of an upload; asked once. */
export function uploadOf(base, id) {
  const key = `${base} ${id}`
  if (!uploads.has(key)) {
    const asked = get(base, `/uploads/${encodeURIComponent(id)}`)
    asked.catch(() => uploads.delete(key))
    uploads.set(key, asked)
  }
  return uploads.get(key)
}

/** Keep an answer of POST /uploads, so that it need not be asked for. */
export function rememberUpload(base, about) {
  uploads.set(`${base} ${about.upload}`, Promise.resolve(about))
}

/** 86400000 -> "1d". */
export function intervalName(ms) {
  const [unit, unitMs] = NAMES_MS.find(([, each]) => ms % each === 0) ?? ["ms", 1]
  return `${ms / unitMs}${unit}`
}

function filesOf(about, pair) {
  const legs = pair.split("~")
  return about.understood.files.filter((file) => file.symbols.some((symbol) => legs.includes(symbol)))
}

/** The interval of a pair of an upload: the longer one of its legs' files. */
export function uploadIntervalMs(about, pair) {
  return Math.max(0, ...filesOf(about, pair).map((file) => file.interval_ms ?? 0)) || DAY_MS
}

/** Whether a pair of an upload has more bars than charts get at a time. */
export function isLong(about, pair) {
  return filesOf(about, pair).some((file) => file.rows / Math.max(1, file.symbols.length) > UPLOAD_ROWS)
}

/** The stretch that the files of a pair cover: [fromMs, toMs]. */
export function stretchOf(about, pair) {
  const known = filesOf(about, pair).filter((file) => file.first_ms != null)
  return [Math.min(...known.map((file) => file.first_ms)), Math.max(...known.map((file) => file.last_ms))]
}

function liveSource({api, interval}) {
  const bars = (symbol, of = interval) => `/bars/${encodeURIComponent(symbol)}?interval=${of}`
  const spreads = (pair) => `/spreads/${encodeURIComponent(pair)}?interval=${interval}`
  return {
    isLive: true,
    isWhole: false,
    drawn: {bars, spreads, interval, slotMs: INTERVAL_MS[interval]},
    base: api,
    stream: streamOf(api),
    interval,
    intervalMs: INTERVAL_MS[interval],
    limit: LIVE_ROWS,
    bars,
    spreads,
    tests: (pair) => `/spreads/${encodeURIComponent(pair)}/stats?interval=${interval}`,
    alerts: (pair) => withQuery("/alerts", {subject: pair, interval}),
    channel: (...names) => names.join(":"),
  }
}

/** What charts get of a long file: a few rows that stand for all of it, or every bar up to a time. */
function drawnOf({bars, spreads, interval, intervalMs}, {about, pair, until}) {
  if (!isLong(about, pair)) return {bars, spreads, interval, slotMs: intervalMs}
  if (until) return {bars: (symbol) => withQuery(bars(symbol), {to: until}), spreads: (each) => withQuery(spreads(each), {to: until}), interval, slotMs: intervalMs}
  const [fromMs, toMs] = stretchOf(about, pair)
  return {
    bars: (symbol) => withQuery(bars(symbol), {resolution: WHOLE.bars}), spreads: (each) => withQuery(spreads(each), {resolution: WHOLE.spreads}),
    interval: `${interval}, drawn coarser`, slotMs: Math.max(intervalMs, Math.ceil((toMs - fromMs) / WHOLE.bars)),
  }
}

function uploadSource({api, upload, pair: shown, window, prices, hedge, until}, about) {
  const root = `/uploads/${encodeURIComponent(upload)}`
  const how = {window: window || null, prices, hedge}
  const intervalMs = uploadIntervalMs(about, shown)
  const interval = intervalName(intervalMs)
  const bars = (symbol) => `${root}/bars/${encodeURIComponent(symbol)}`
  const spreads = (pair) => withQuery(`${root}/spreads/${encodeURIComponent(pair)}`, how)
  return {
    isLive: false,
    isWhole: isLong(about, shown) && !until,
    drawn: drawnOf({bars, spreads, interval, intervalMs}, {about, pair: shown, until}),
    base: api,
    stream: null,
    interval,
    intervalMs,
    limit: UPLOAD_ROWS,
    bars,
    spreads,
    tests: (pair) => withQuery(`${root}/spreads/${encodeURIComponent(pair)}/stats`, how),
    alerts: () => null, // alerts are of the live pairs
    channel: () => null,
  }
}
