// Bars of one symbol: closed ones as the API has them, and the still open 1m or 5m bar folded from
// closed one-second bars, because no topic carries open bars.

import {withQuery} from "./api.js"
import {Rows} from "./rows.js"

const SECONDS_BARS = 900 // three open 5m bars: the one running, and two whose closing is still on its way

/** One-second bars, in time order -> one bar per interval they touch. */
export function fold(seconds, intervalMs) {
  const folded = []
  for (const bar of seconds) {
    const openMs = bar.open_ms - (bar.open_ms % intervalMs)
    const open = folded.at(-1)
    if (open?.open_ms !== openMs) {
      folded.push({...bar, open_ms: openMs, complete: false, is_open: true})
      continue
    }
    open.high = Math.max(open.high, bar.high)
    open.low = Math.min(open.low, bar.low)
    open.close = bar.close
    open.volume += bar.volume
    open.trades += bar.trades
  }
  return folded
}

export class Bars {
  constructor({source, symbol}) {
    const {base, stream, intervalMs, limit} = source
    const rows = (of, options) => new Rows({base, stream, field: "bars", channel: source.channel("bars", symbol, of), ...options})
    this.intervalMs = intervalMs
    this.closed = rows(source.interval, {limit, path: () => source.drawn.bars(symbol)})
    this.seconds = !source.isLive || source.interval === "1s" ? null : rows("1s", {
      limit: SECONDS_BARS,
      path: () => withQuery(source.bars(symbol, "1s"), {from: this.#closedUntilMs()}),
    })
  }

  /** Hear onReset(bars) and onBar(bar), which may repeat or revise an earlier one. */
  start({onReset, onBar, onError}) {
    const reset = () => onReset([...this.closed.rows, ...this.#openBars()])
    this.closed.start({
      onReset: () => {
        reset()
        if (this.seconds && !this.seconds.onReset) {
          this.seconds.start({onReset: reset, onRow: (row) => this.#openBars(row.open_ms).forEach(onBar), onError})
        }
      },
      onRow: onBar,
      onError,
    })
    return this
  }

  stop() {
    this.closed.stop()
    this.seconds?.stop()
  }

  reload() {
    this.closed.load()
    if (this.seconds?.onReset) this.seconds.load()
  }

  #closedUntilMs() {
    return this.closed.newest ? this.closed.newest.open_ms + this.intervalMs : null
  }

  /** The bars not yet closed; with `ofMs`, only the one that holds this time. */
  #openBars(ofMs = null) {
    if (!this.seconds) return []
    const untilMs = this.#closedUntilMs() ?? -Infinity
    const fromMs = ofMs === null ? untilMs : Math.max(untilMs, ofMs - (ofMs % this.intervalMs))
    const toMs = ofMs === null ? Infinity : fromMs + this.intervalMs
    return fold(this.seconds.rows.filter((bar) => bar.open_ms >= fromMs && bar.open_ms < toMs), this.intervalMs)
  }
}
