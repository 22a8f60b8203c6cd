// Time <-> position on a chart. Every interval has its slot, with or without a row, so that charts of
// different symbols and intervals can show the same stretch of time; except for markets with sessions,
// whose nights and weekends get none.

export const MOST_SLOTS = 16_000 // what a chart holds at most
const KEPT_SLOTS = 12_000 // what is left once it is full; fewer, so that this happens rarely
const SESSIONS_SHARE = 0.8 // fewer of the slots filled than this: the market has closing hours

export class Axis {
  constructor(intervalMs, {hasSessions = false, isUneven = false} = {}) {
    this.intervalMs = intervalMs
    this.mayHaveSessions = hasSessions
    this.isUneven = isUneven // a slot for each row, wherever it is
    this.clear()
  }

  clear() {
    this.firstMs = null
    this.lastMs = null
    this.times = null
  }

  /** Span the newest rows and return the slots: a row or null for each interval. */
  span(rows) {
    this.clear()
    if (!rows.length) return []
    this.lastMs = rows.at(-1).open_ms
    if (this.isUneven || (this.mayHaveSessions && this.#isSparse(rows))) return this.#spanSessions(rows)
    const oldestMs = this.lastMs - (KEPT_SLOTS - 1) * this.intervalMs
    const kept = rows.filter((row) => row.open_ms >= oldestMs)
    this.firstMs = kept[0].open_ms
    const slots = new Array(this.logicalOf(this.lastMs) + 1).fill(null)
    for (const row of kept) slots[Math.round(this.logicalOf(row.open_ms))] = row
    return slots
  }

  get isFull() {
    return this.firstMs !== null && this.logicalOf(this.lastMs) >= MOST_SLOTS
  }

  timeOf(logical) {
    if (!this.times) return this.firstMs + logical * this.intervalMs
    const last = this.times.length - 1
    if (logical <= 0) return this.firstMs + logical * this.intervalMs
    if (logical >= last) return this.lastMs + (logical - last) * this.intervalMs
    const at = Math.floor(logical)
    return this.times[at] + (logical - at) * (this.times[at + 1] - this.times[at])
  }

  logicalOf(ms) {
    if (!this.times) return (ms - this.firstMs) / this.intervalMs
    const last = this.times.length - 1
    if (ms <= this.firstMs) return (ms - this.firstMs) / this.intervalMs
    if (ms >= this.lastMs) return last + (ms - this.lastMs) / this.intervalMs
    let [low, high] = [0, last]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (this.times[middle] <= ms) low = middle
      else high = middle
    }
    return low + (ms - this.times[low]) / (this.times[high] - this.times[low])
  }

  #isSparse(rows) {
    const slots = (this.lastMs - rows[0].open_ms) / this.intervalMs + 1
    return rows.length < SESSIONS_SHARE * slots
  }

  #spanSessions(rows) {
    const kept = rows.slice(-KEPT_SLOTS)
    this.firstMs = kept[0].open_ms
    this.times = kept.map((row) => row.open_ms)
    return kept
  }
}
