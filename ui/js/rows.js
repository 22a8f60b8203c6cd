// REST history and live messages -> one list of rows in time order, keyed by open_ms.
//
// History is fetched again whenever the stream tells of a gap or has been away, and when its messages
// do not overlap what is here; a row of a lower revision never replaces a higher one.

import {get, withQuery} from "./api.js"

const MOST_SINGLE = 20 // rows in one frame; drawing anew is quicker for more
const MOST_ROWS = 12_000 // of one list, however far back somebody pans
const RETRY_MS = [1_000, 2_000, 4_000, 8_000, 15_000]

/** Put a row where it belongs. Returns false if a newer revision is already there. */
export function upsert(rows, row) {
  let at = rows.length
  while (at > 0 && rows[at - 1].open_ms > row.open_ms) at -= 1
  const same = rows[at - 1]
  if (same?.open_ms !== row.open_ms) rows.splice(at, 0, row)
  else if ((row.revision ?? 0) < (same.revision ?? 0)) return false
  else rows[at - 1] = row
  return true
}

export class Rows {
  /** `path()` is asked anew at each fetch; `field` names the list in its answer; no channel, no stream. */
  constructor({base, stream, path, field, channel, limit}) {
    Object.assign(this, {base, stream, path, field, channel, limit})
    this.rows = []
    this.loaded = false
    this.loads = 0
    this.snapshots = 0
    this.tries = 0
    this.hasOlder = true
  }

  /** Hear onReset(rows) after each fetch, onRow(row) for each live one, onError(error) for what failed. */
  start({onReset, onRow, onError}) {
    Object.assign(this, {onReset, onRow, onError})
    if (this.channel) this.unsubscribe = this.stream.subscribe(this.channel, (kind, messages) => this.#hear(kind, messages))
    this.load()
    return this
  }

  stop() {
    this.stopped = true
    clearTimeout(this.timer)
    this.unsubscribe?.()
  }

  get newest() {
    return this.rows.at(-1) ?? null
  }

  /** Fetch the history; what the stream brought meanwhile stays on top. */
  async load() {
    clearTimeout(this.timer)
    const load = ++this.loads // a later load makes this one's answer worthless
    try {
      const body = await get(this.base, withQuery(this.path(), {limit: Math.min(this.limit, 5_000)}))
      if (this.stopped || load !== this.loads) return
      this.tries = 0
      this.loaded = true
      for (const row of body[this.field]) upsert(this.rows, row)
      this.#trim()
      this.onReset(this.rows)
    } catch (error) {
      if (this.stopped || load !== this.loads) return
      this.#again()
      if (this.rows.length) this.onReset(this.rows) // what the stream brought is better than nothing
      else this.onError(error)
    }
  }

  /** Fetch a page of rows older than all that are here; one at a time, until there are none. */
  async older(page) {
    if (this.fetching || !this.loaded || !this.hasOlder || !this.rows.length || this.rows.length >= MOST_ROWS) return
    this.fetching = true
    try {
      const body = await get(this.base, withQuery(this.path(), {limit: page, to: this.rows[0].open_ms}))
      if (this.stopped) return
      const older = body[this.field].filter((row) => row.open_ms < this.rows[0].open_ms)
      this.hasOlder = older.length > 0 && body.next_to !== null
      this.rows = [...older, ...this.rows]
      this.limit = Math.max(this.limit, this.rows.length)
      if (older.length) this.onReset(this.rows)
    } catch {
      this.hasOlder = false // the charts stay as they are; the next load may ask again
    } finally {
      this.fetching = false
    }
  }

  /** Try later; while the stream is down its coming back is the sign, not the clock. */
  #again() {
    const pauseMs = RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)]
    this.timer = setTimeout(() => (this.stream?.phase === "down" ? this.#again() : this.load()), pauseMs)
  }

  #hear(kind, messages) {
    if (kind === "snapshot") this.snapshots += 1
    const newest = this.newest?.open_ms ?? -Infinity
    const apart = kind === "snapshot" && this.loaded && messages.length > 0 && messages[0].open_ms > newest
    const away = kind === "snapshot" && (this.snapshots > 1 || this.tries > 0)
    const changed = messages.filter((row) => upsert(this.rows, row))
    if (kind === "gap" || apart || away) this.load()
    else if ((this.loaded || this.tries > 0) && changed.length) this.#tell(changed, newest)
  }

  /** New rows one by one; anything else, such as a bar that comes late, by drawing all of them anew. */
  #tell(changed, newest) {
    const inOrder = changed.length <= MOST_SINGLE && changed.every((row) => row.open_ms >= newest)
    if (inOrder && this.rows.length <= 2 * this.limit) changed.forEach((row) => this.onRow(row))
    else {
      this.#trim()
      this.onReset(this.rows)
    }
  }

  #trim() {
    if (this.rows.length > this.limit) this.rows.splice(0, this.rows.length - this.limit)
  }
}
