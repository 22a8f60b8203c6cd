// What a part of the page shows -> where its rows come from: the live API, or a file uploaded there.
//
// Both have the same views; an upload has no stream, and one interval of its own.

import {get, INTERVAL_MS, withQuery} from "./api.js"
import {streamOf} from "./stream.js"

const LIVE_ROWS = 720 // 12 minutes of 1s, 12 hours of 1m, 60 hours of 5m
const UPLOAD_ROWS = 4_000
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

/** The interval of a pair of an upload: the longer one of its legs' files. */
export function uploadIntervalMs(about, pair) {
  const legs = pair.split("~")
  const files = about.understood.files.filter((file) => file.symbols.some((symbol) => legs.includes(symbol)))
  return Math.max(0, ...files.map((file) => file.interval_ms ?? 0)) || DAY_MS
}

function liveSource({api, interval}) {
  return {
    isLive: true,
    base: api,
    stream: streamOf(api),
    interval,
    intervalMs: INTERVAL_MS[interval],
    limit: LIVE_ROWS,
    bars: (symbol, of = interval) => `/bars/${encodeURIComponent(symbol)}?interval=${of}`,
    spreads: (pair) => `/spreads/${encodeURIComponent(pair)}?interval=${interval}`,
    tests: (pair) => `/spreads/${encodeURIComponent(pair)}/stats?interval=${interval}`,
    alerts: (pair) => withQuery("/alerts", {subject: pair, interval}),
    channel: (...names) => names.join(":"),
  }
}

function uploadSource({api, upload, pair: shown, window, prices, hedge}, about) {
  const root = `/uploads/${encodeURIComponent(upload)}`
  const how = {window: window || null, prices, hedge}
  const intervalMs = uploadIntervalMs(about, shown)
  return {
    isLive: false,
    base: api,
    stream: null,
    interval: intervalName(intervalMs),
    intervalMs,
    limit: UPLOAD_ROWS,
    bars: (symbol) => `${root}/bars/${encodeURIComponent(symbol)}`,
    spreads: (pair) => withQuery(`${root}/spreads/${encodeURIComponent(pair)}`, how),
    tests: (pair) => withQuery(`${root}/spreads/${encodeURIComponent(pair)}/stats`, how),
    alerts: () => null, // alerts are of the live pairs
    channel: () => null,
  }
}
