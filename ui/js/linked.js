// Charts that show the same stretch of time and the same moment under the cursor.
//
// The group holds the range in milliseconds; the chart last touched leads, the others are told. While
// the newest bar is in view the group follows it.

const MARGIN_SLOTS = 5 // empty room to the right of the newest bar

const groups = new Map()

/** The group of this name on this page. */
export function groupOf(name) {
  if (!groups.has(name)) groups.set(name, new Linked())
  return groups.get(name)
}

export class Linked {
  constructor() {
    this.plots = new Set()
    this.leader = null
    this.range = null // {fromMs, toMs}
    this.latestMs = null
    this.pointedMs = null // the moment under the cursor
    this.following = true
    this.touched = false // until somebody pans or zooms, the range is home
    this.listeners = new Set()
    this.pointListeners = new Set()
  }

  join(plot) {
    this.plots.add(plot)
    if (this.range) plot.show(this.range)
    return () => {
      this.plots.delete(plot)
      if (this.leader === plot) this.leader = null
      // Charts that show something else now are made anew, each in its turn: the range is theirs too.
      setTimeout(() => this.plots.size || this.#forget())
    }
  }

  /** Hear whether the group follows the newest bar. */
  watch(listener) {
    this.listeners.add(listener)
    listener(this.following)
    return () => this.listeners.delete(listener)
  }

  /** A plot has other rows than before: follow the newest bar, or keep the range. */
  grown(plot) {
    const latestMs = Math.max(...[...this.plots].map((each) => each.axis.lastMs ?? -Infinity))
    if (!Number.isFinite(latestMs)) return
    const moved = latestMs - (this.latestMs ?? latestMs)
    this.latestMs = latestMs
    if (!this.touched) this.range = this.#home()
    else if (this.following) this.range = {fromMs: this.range.fromMs + moved, toMs: this.range.toMs + moved}
    else return plot.show(this.range)
    for (const each of this.plots) each.show(this.range)
  }

  /** The leading plot was panned or zoomed. */
  moved(plot, range) {
    if (plot !== this.leader || this.latestMs === null) return
    this.range = range
    this.touched = true
    for (const each of this.plots) if (each !== plot) each.show(range)
    this.#follow(range.toMs >= this.latestMs)
  }

  /** Show the newest bars again. */
  live() {
    if (this.latestMs === null) return
    this.touched = false
    this.range = this.#home()
    this.#follow(true)
    for (const each of this.plots) each.show(this.range)
  }

  /** The cursor of one plot is at this time, or gone (null). */
  point(plot, ms) {
    this.pointedMs = ms
    for (const each of this.plots) if (each !== plot) each.point(ms)
    if (plot) for (const listener of this.pointListeners) listener(ms)
  }

  /** Hear of the moment under the cursor of any plot, or null. */
  watchPoint(listener) {
    this.pointListeners.add(listener)
    return () => this.pointListeners.delete(listener)
  }

  /** The newest bars, as many as the chart with the longest intervals has room for; or all, where that is what is drawn. */
  #home() {
    const longest = Math.max(...[...this.plots].map((plot) => plot.axis.intervalMs))
    const whole = [...this.plots].filter((plot) => plot.isWhole && plot.axis.firstMs !== null)
    if (whole.length) return {fromMs: Math.min(...whole.map((plot) => plot.axis.firstMs)), toMs: this.latestMs + MARGIN_SLOTS * longest}
    const slots = Math.min(...[...this.plots].map((plot) => plot.homeSlots))
    const toMs = this.latestMs + MARGIN_SLOTS * longest
    return {fromMs: toMs - slots * longest, toMs}
  }

  #follow(following) {
    if (following === this.following) return
    this.following = following
    for (const listener of this.listeners) listener(following)
  }

  #forget() {
    this.range = null
    this.latestMs = null
    this.pointedMs = null
    this.touched = false
    this.#follow(true)
  }
}
