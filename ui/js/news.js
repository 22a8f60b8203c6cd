// What a news page shows -> headlines, newest first, as they come, and the state of their sources. One
// for all parts of a page; what was there stays until something newer comes.

import {get, withQuery} from "./api.js"
import {keyOf, matches, merged} from "./news_rows.js"
import {streamOf} from "./stream.js"

export const WHAT = ["q", "symbol", "source"]
const PAGE = 100
const MOST = 2_000 // in one list; what is older is found by its words
const RETRY_MS = 10_000
const FRESH_MS = 20_000 // how long a headline that has just come is marked

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
    const key = JSON.stringify([model.api, ...WHAT.map((name) => model[name])])
    if (held?.key === key) return
    const next = kept.get(key) ?? {key, users: 0, shown: new Shown(model, held?.shown)}
    next.users += 1
    kept.set(key, next)
    leave()
    held = next
    unwatch = held.shown.watch(draw)
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
  constructor({api, q, symbol, source}, before) {
    Object.assign(this, {base: api, filter: {q, symbol, source}, headlines: [], nextTo: null, loaded: false, error: null, turn: 0, fresh: new Map(), listeners: new Set()})
    this.sources = new Map(before?.sources ?? [])
    this.headlines = (before?.headlines ?? []).filter((each) => matches(each, this.filter)) // until the API has answered
    this.stream = streamOf(api)
    this.ends = [
      this.stream.subscribe("headlines", (kind, headlines) => this.#hear(kind, headlines)),
      this.stream.subscribe("news-sources", (kind, states) => (kind === "gap" ? this.load() : this.#learn(states))),
      this.#followStream(),
    ]
    this.timer = setInterval(() => this.error && this.load(), RETRY_MS)
    this.load()
  }

  /** Whether somebody chose some of all headlines. */
  get isFiltered() {
    return Object.values(this.filter).some(Boolean)
  }

  watch(listener) {
    this.listeners.add(listener)
    listener(this)
    return () => this.listeners.delete(listener)
  }

  stop() {
    this.stopped = true
    clearInterval(this.timer)
    this.ends.forEach((end) => end())
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
    this.#tell()
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
    this.#tell()
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
    if (!isSilent && states.length) this.#tell()
  }

  /** Once the API is there again, there may be more. */
  #followStream() {
    let before = this.stream.phase
    return this.stream.watch(({phase}) => {
      if (phase === "down" && before !== "down") this.missedSinceMs = this.headlines[0]?.published_ms ?? null
      if (phase === "open" && before === "down") this.load()
      before = phase
    })
  }

  #tell() {
    if (!this.stopped) for (const listener of this.listeners) listener(this)
  }
}
