// Alerts from the API's log and from the stream -> one list, newest first, without repetitions.

import {get, withQuery} from "./api.js"
import {streamOf} from "./stream.js"

const MOST_ALERTS = 2_000 // in one list; older ones are a page away

const keyOf = (alert) => [alert.kind, alert.subject, alert.interval, alert.event_ms, alert.crossing].join("|")

/** Whether an alert passes a filter; what the filter does not name passes. */
export function passes(alert, filter) {
  return Object.entries(filter).every(([name, value]) => !value || (name === "from" ? alert.event_ms >= value : alert[name] === value))
}

export class Alerts {
  constructor({base, filter = {}, limit = 200}) {
    Object.assign(this, {base, filter, limit})
    this.alerts = []
    this.nextTo = null
    this.loaded = false
    this.loads = 0
  }

  /** Hear onChange(alerts) after each change, onNew(alert) for each live one, onError for what failed. */
  start({onChange, onNew = () => {}, onError = () => {}}) {
    Object.assign(this, {onChange, onNew, onError})
    let away = false
    this.unsubscribe = streamOf(this.base).subscribe("alerts", (kind, alerts) => {
      if (kind === "gap" || (kind === "snapshot" && away)) this.load()
      away ||= kind === "snapshot"
      this.#add(alerts.filter((alert) => passes(alert, this.filter)), {live: kind === "update"})
    })
    this.load()
    return this
  }

  stop() {
    this.loads += 1
    this.unsubscribe?.()
  }

  /** Ask the log anew. */
  async load() {
    const load = ++this.loads
    try {
      const body = await get(this.base, this.#path())
      if (load !== this.loads) return
      this.loaded = true
      this.nextTo = body.next_to ?? null
      this.#add(body.alerts)
      this.onChange(this.alerts)
    } catch (error) {
      if (load === this.loads) this.onError(error)
    }
  }

  /** One page further back. */
  async older() {
    if (this.nextTo === null) return
    const load = this.loads
    const body = await get(this.base, this.#path(this.nextTo))
    if (load !== this.loads) return
    this.nextTo = body.next_to ?? null
    this.#add(body.alerts)
    this.onChange(this.alerts)
  }

  #path(to = null) {
    return withQuery("/alerts", {...this.filter, to, limit: this.limit})
  }

  #add(alerts, {live = false} = {}) {
    const known = new Set(this.alerts.map(keyOf))
    const added = alerts.filter((alert) => !known.has(keyOf(alert)))
    if (!added.length) return
    this.alerts = [...this.alerts, ...added].sort((a, b) => b.event_ms - a.event_ms).slice(0, MOST_ALERTS)
    this.onChange(this.alerts)
    if (live) added.forEach(this.onNew)
  }
}
