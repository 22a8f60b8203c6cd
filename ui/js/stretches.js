// Stretches of a chart that must not be read like the others: shaded over all of a pane, and named.

const LEAST_LABEL_PX = 54
const GAP_MS = 10_000 // seconds without a trade are no gap; ten of them in a row, or one longer bar, are

/** Whether so much is missing between two rows that a line must not join them. */
export function isGap(axis, beforeMs, ms) {
  const missing = axis.times ? 0 : axis.logicalOf(ms) - axis.logicalOf(beforeMs) - 1
  return missing > 0 && missing * axis.intervalMs >= GAP_MS
}

/** Slots in time order (rows or null) -> [{from, to, kind}] of what is cold, stale or missing. */
export function stretchesOf(axis, rows) {
  const found = []
  const add = (from, to, kind) => {
    const last = found.at(-1)
    if (last?.kind === kind && from <= last.to + 1) last.to = to
    else found.push({from, to, kind})
  }
  let before = null
  for (const row of rows) {
    const at = axis.logicalOf(row.open_ms)
    if (before !== null && isGap(axis, before.open_ms, row.open_ms)) add(axis.logicalOf(before.open_ms) + 1, at - 1, "gap")
    if (row.stale) add(at, at, "stale")
    else if (row.warm === false) add(at, at, "warming up")
    before = row
  }
  return found
}

export class Stretches {
  constructor({plot, colours}) {
    Object.assign(this, {plot, colours})
    this.found = []
  }

  attached({chart, requestUpdate}) {
    this.chart = chart
    this.requestUpdate = requestUpdate
  }

  /** Look at the plot's rows again. */
  refresh() {
    this.found = stretchesOf(this.plot.axis, [...this.plot.rows.values()].sort((a, b) => a.open_ms - b.open_ms))
    this.requestUpdate?.()
  }

  paneViews() {
    return [{zOrder: () => "bottom", renderer: () => ({draw: (target) => this.#draw(target)})}]
  }

  #draw(target) {
    const scale = this.chart.timeScale()
    const half = scale.options().barSpacing / 2
    target.useMediaCoordinateSpace(({context, mediaSize}) => {
      for (const {from, to, kind} of this.found) {
        const left = Math.max(0, (scale.logicalToCoordinate(from) ?? 0) - half)
        const right = Math.min(mediaSize.width, (scale.logicalToCoordinate(to) ?? 0) + half)
        if (right <= left) continue
        context.fillStyle = `${this.colours[kind]}1f`
        context.fillRect(left, 0, right - left, mediaSize.height)
        if (right - left < LEAST_LABEL_PX) continue
        context.fillStyle = this.colours[kind]
        context.font = "11px Roboto, sans-serif"
        context.fillText(kind, left + 5, mediaSize.height - 6)
      }
    })
  }
}
