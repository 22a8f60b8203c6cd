// The pairs that the API watches, and how: one list a tab, kept current by the stream.

import {get, send} from "./api.js"
import {streamOf} from "./stream.js"

export const DEFAULTS = {
  window: 300, prices: "level", hedge: "ols", intervals: ["1s", "1m", "5m"], silence_bars: 30, enter_z: 2, leave_z: 0.5, cooldown_bars: 10,
}

const lists = new Map()

/** The tab's list of what the API at `base` watches. */
export function watchlistOf(base) {
  if (!lists.has(base)) lists.set(base, new Watchlist(base))
  return lists.get(base)
}

/** BTCUSDT~ETHUSDT -> BTCUSDT on ETHUSDT. */
export function inWords(pair) {
  return pair.replace("~", " on ")
}

class Watchlist {
  constructor(base) {
    this.base = base
    this.stream = streamOf(base)
    this.pairs = new Map() // pair -> how it is watched
    this.loaded = false
    this.listeners = new Set()
    this.stream.watch(() => this.#ask())
    this.stream.subscribe("pairs", (kind, changes) => {
      if (kind === "gap") this.load()
      else if (kind === "update") this.#apply(changes) // a snapshot is older than what GET gives
    })
  }

  /** Hear of every change, and at once if the list is there. */
  watch(listener) {
    this.listeners.add(listener)
    if (this.loaded) listener(this)
    return () => this.listeners.delete(listener)
  }

  /** How a pair is watched, or null. */
  of(pair) {
    return this.pairs.get(pair) ?? null
  }

  /** The peer groups that have pairs. */
  get groups() {
    return [...new Set([...this.pairs.values()].map((each) => each.group).filter(Boolean))].sort()
  }

  async load() {
    const {pairs} = await get(this.base, "/pairs")
    this.pairs = new Map(pairs.map((each) => [each.pair, {...DEFAULTS, ...each}]))
    this.loaded = true
    this.#tell()
  }

  /** Add a pair, or change how it is watched. */
  async put(pair, how) {
    const put = await send(this.base, "PUT", `/pairs/${encodeURIComponent(pair)}`, how)
    this.pairs.set(pair, {...DEFAULTS, ...this.of(pair), ...how, ...put, pair})
    this.#tell()
  }

  async remove(pair) {
    await send(this.base, "DELETE", `/pairs/${encodeURIComponent(pair)}`)
    this.pairs.delete(pair)
    this.#tell()
  }

  /** Ask once the API is there, and again when another may have come back. */
  #ask() {
    if (this.stream.phase === "down") this.asked = false
    if (this.asked || this.stream.phase !== "open") return
    this.asked = true
    this.load().catch(() => { this.asked = false }) // asked again at the stream's next beat, a second later
  }

  #apply(changes) {
    for (const {pair, watched} of changes) {
      if (watched) this.pairs.set(pair, {...DEFAULTS, added: true, group: null, ...this.of(pair), ...watched, pair})
      else this.pairs.delete(pair)
    }
    if (changes.length) this.#tell()
  }

  #tell() {
    for (const listener of this.listeners) listener(this)
  }
}
