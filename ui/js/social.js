// What a social page shows -> the buzz of one hour, how old it is. One for all parts of a page; what was
// there stays until something newer comes.

import {get, withQuery} from "./api.js"
import {Kept, keeper} from "./kept.js"
import {hourMs} from "./social_rows.js"

export const WHAT = ["forum", "hour", "symbol", "q"]
const ROWS = 200
const LOAD_EVERY_MS = 15_000 // scans of places come by no channel
const AT_MOST_EVERY_MS = 1_500 // a burst is hundreds of messages

/** Hear of every change of what `model` shows, by draw(shown); what it shows may change, too. */
export const follow = keeper(WHAT, {keyOf: ({forum, hour}) => [forum, hour], make: (model) => new Shown(model), changed: (shown, _, draw) => draw(shown)})

class Shown extends Kept {
  constructor({api, forum, hour}) {
    super(api)
    Object.assign(this, {forum, hour, view: null, error: null, takenMs: null, turn: 0})
    this.hear("buzz", (kind, rows) => this.#hear(kind, rows))
    this.followStream({back: () => this.load()})
    this.every(LOAD_EVERY_MS, () => this.load())
    this.load()
  }

  stop() {
    super.stop()
    clearTimeout(this.waiting)
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
    this.tell()
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
}
