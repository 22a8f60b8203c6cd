// What a social page shows -> the buzz of one hour, how old it is. One for all parts of a page; what was
// there stays until something newer comes.

import {get, withQuery} from "./api.js"
import {hourMs} from "./social_rows.js"
import {streamOf} from "./stream.js"

export const WHAT = ["forum", "hour", "symbol", "q"]
const ROWS = 200
const LOAD_EVERY_MS = 15_000 // scans of places come by no channel
const AT_MOST_EVERY_MS = 1_500 // a burst is hundreds of messages

const kept = new Map()

/** Hear of every change of what `model` shows, by draw(shown); what it shows may change, too. */
export function follow(model, draw) {
  let [held, unwatch, asked] = [null, () => {}, null]
  const leave = () => {
    unwatch()
    if (held && --held.users === 0) {
      held.shown.stop()
      kept.delete(held.key)
    }
  }
  const turn = () => {
    asked = null
    const key = JSON.stringify([model.api, model.forum, model.hour])
    if (held?.key !== key) {
      const next = kept.get(key) ?? {key, users: 0, shown: new Shown(model)}
      next.users += 1
      kept.set(key, next)
      leave()
      held = next
      unwatch = held.shown.watch(draw)
    } else draw(held.shown)
  }
  model.on(WHAT, () => { asked ??= setTimeout(turn) })
  turn()
  return {
    get shown() { return held.shown },
    end: () => {
      clearTimeout(asked)
      leave()
    },
  }
}

class Shown {
  constructor({api, forum, hour}) {
    Object.assign(this, {base: api, forum, hour, view: null, error: null, takenMs: null, turn: 0, listeners: new Set()})
    this.stream = streamOf(api)
    this.ends = [this.stream.subscribe("buzz", (kind, rows) => this.#hear(kind, rows)), this.#followStream()]
    this.timer = setInterval(() => this.load(), LOAD_EVERY_MS)
    this.load()
  }

  watch(listener) {
    this.listeners.add(listener)
    listener(this)
    return () => this.listeners.delete(listener)
  }

  stop() {
    this.stopped = true
    clearInterval(this.timer)
    clearTimeout(this.waiting)
    this.ends.forEach((end) => end())
  }

  /** How old the result is now: since a place was read the last time. */
  ageMs(nowMs) {
    return this.view?.age_ms == null ? null : this.view.age_ms + nowMs - this.takenMs
  }

  /** The row of a symbol, if it was mentioned in the hour. */
  rowOf(symbol) {
    return this.view?.rows.find((row) => row.symbol === symbol) ?? null
  }

  async load() {
    const turn = (this.turn += 1) // a later one makes this one's answer worthless
    this.loadedMs = Date.now()
    try {
      const view = await get(this.base, withQuery("/buzz", {forum: this.forum, hour_ms: this.hour ? hourMs(this.hour) : null, limit: ROWS}))
      if (turn !== this.turn) return
      this.view = view
      this.takenMs = Date.now()
      this.error = null
    } catch (error) {
      if (turn !== this.turn) return
      this.error = error // what was there stays, with its age
    }
    this.#tell()
  }

  #hear(kind, rows) {
    if (kind === "snapshot" || this.waiting) return
    const shownMs = this.view?.hour_ms ?? -1
    const isOurs = (row) => row.forum === this.forum && (this.hour ? row.hour_ms === shownMs : row.hour_ms >= shownMs)
    if (kind !== "gap" && !rows.some(isOurs)) return
    this.waiting = setTimeout(() => {
      this.waiting = null
      this.load()
    }, Math.max(0, AT_MOST_EVERY_MS - (Date.now() - this.loadedMs)))
  }

  /** Once the API is there again, everything may be newer. */
  #followStream() {
    let before = this.stream.phase
    return this.stream.watch(({phase}) => {
      if (phase === "open" && before === "down") this.load()
      before = phase
    })
  }

  #tell() {
    if (!this.stopped) for (const listener of this.listeners) listener(this)
  }
}
