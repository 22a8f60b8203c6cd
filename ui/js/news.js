// What a news page shows -> headlines, newest first, as they come, and the state of their sources. One
// for all parts of a page; what was there stays until something newer comes.

import {get, withQuery} from "./api.js"
import {Kept, keeper} from "./kept.js"
import {keyOf, matches, merged} from "./news_rows.js"

export const WHAT = ["q", "symbol", "source"]
const PAGE = 100
const MOST = 2_000 // in one list; what is older is found by its words
const RETRY_MS = 10_000
const FRESH_MS = 20_000 // how long a headline that has just come is marked

/** Hear of every change of what `model` shows, by draw(shown); what it shows may change, too. */
export const follow = keeper(WHAT, {keyOf: (model) => WHAT.map((name) => model[name]), make: (model, before) => new Shown(model, before)})

class Shown extends Kept {
  constructor({api, q, symbol, source}, before) {
    super(api)
    Object.assign(this, {filter: {q, symbol, source}, nextTo: null, loaded: false, error: null, turn: 0, fresh: new Map()})
    this.sources = new Map(before?.sources ?? [])
    this.headlines = (before?.headlines ?? []).filter((each) => matches(each, this.filter)) // until the API has answered
    this.hear("headlines", (kind, headlines) => this.#hear(kind, headlines))
    this.hear("news-sources", (kind, states) => (kind === "gap" ? this.load() : this.#learn(states)))
    this.followStream({back: () => this.load(), gone: () => { this.missedSinceMs = this.headlines[0]?.published_ms ?? null }})
    this.every(RETRY_MS, () => this.error && this.load())
    this.load()
  }

  /** Whether somebody chose some of all headlines. */
  get isFiltered() {
    return Object.values(this.filter).some(Boolean)
  }

  isFresh(headline, nowMs) {
    return nowMs - (this.fresh.get(keyOf(headline)) ?? -FRESH_MS) < FRESH_MS
  }

  async load(to = null) {
    const turn = to === null ? (this.turn += 1) : this.turn // a later one makes this one's answer worthless
    try {
      const body = await get(this.base, withQuery("/headlines", {...this.filter, to, limit: PAGE}))
      if (turn !== this.turn) return
      if (to !== null || !this.loaded || !this.#reaches(body.next_to)) this.nextTo = body.next_to
      this.missedSinceMs = null
      this.#add(body.headlines)
      if (this.headlines.length >= MOST) this.nextTo = null
      this.loaded = true
      this.error = null
      this.#learn(body.sources, {isSilent: true})
    } catch (error) {
      if (turn !== this.turn) return
      this.error = error // what was there stays
    }
    this.tell()
  }

  /** One page further back. */
  older() {
    return this.nextTo === null ? null : this.load(this.nextTo)
  }

  #hear(kind, headlines) {
    if (kind === "gap") return this.load()
    const known = new Set(this.headlines.map(keyOf))
    const ours = headlines.filter((each) => matches(each, this.filter) && !known.has(keyOf(each)))
    if (!ours.length) return
    const nowMs = Date.now()
    for (const [key, ms] of this.fresh) if (nowMs - ms > FRESH_MS) this.fresh.delete(key)
    if (kind === "update") for (const each of ours) this.fresh.set(keyOf(each), nowMs)
    this.#add(ours)
    this.tell()
  }

  /** Whether a new page joins what is there: after a long silence it may not. */
  #reaches(nextTo) {
    return nextTo === null || (this.missedSinceMs ?? this.headlines[0]?.published_ms ?? -Infinity) >= nextTo
  }

  /** Everything down to `nextTo` is there; what is older comes page by page, so that none is missing between. */
  #add(headlines) {
    const sinceMs = this.nextTo ?? -Infinity
    this.headlines = merged(this.headlines, headlines, MOST).filter((each) => each.published_ms >= sinceMs)
  }

  #learn(states, {isSilent = false} = {}) {
    for (const state of states) {
      if ((this.sources.get(state.source)?.sent_ms ?? -1) > state.sent_ms) continue
      if (state.state === "gone") this.sources.delete(state.source)
      else this.sources.set(state.source, state)
    }
    if (!isSilent && states.length) this.tell()
  }
}
