// Time <-> position on a chart. Every interval has its slot, with or without a row, so that charts of
// different symbols and intervals can show the same stretch of time.

export const MOST_SLOTS = 8_000 // what a chart holds at most
const KEPT_SLOTS = 4_000 // what is left once it is full; half, so that this happens rarely

export class Axis {
  constructor(intervalMs) {
    this.intervalMs = intervalMs
    this.clear()
  }

  clear() {
    this.firstMs = null
    this.lastMs = null
  }

  /** Span the newest rows and return the slots: a row or null for each interval. */
  span(rows) {
    this.clear()
    if (!rows.length) return []
    this.lastMs = rows.at(-1).open_ms
    const oldestMs = this.lastMs - (KEPT_SLOTS - 1) * this.intervalMs
    const kept = rows.filter((row) => row.open_ms >= oldestMs)
    this.firstMs = kept[0].open_ms
    const slots = new Array(this.logicalOf(this.lastMs) + 1).fill(null)
    for (const row of kept) slots[this.logicalOf(row.open_ms)] = row
    return slots
  }

  get isFull() {
    return this.firstMs !== null && this.logicalOf(this.lastMs) >= MOST_SLOTS
  }

  timeOf(logical) {
    return this.firstMs + logical * this.intervalMs
  }

  logicalOf(ms) {
    return (ms - this.firstMs) / this.intervalMs
  }
}
