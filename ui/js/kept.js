// What the parts of a page show together: made for the first of them, stopped when the last has gone.

import {streamOf} from "./stream.js"

/** Give follow(model, draw): it calls draw(shown) at every change of what `model` shows. That is another
 *  once keyOf(model) is, made by make(model, before); whatever of `names` has changed, `changed` hears of it. */
export function keeper(names, {keyOf, make, changed = () => {}}) {
  const kept = new Map()
  return (model, draw) => {
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
      const key = JSON.stringify([model.api, ...keyOf(model)])
      if (held?.key !== key) {
        const next = kept.get(key) ?? {key, users: 0, shown: make(model, held?.shown)}
        next.users += 1
        kept.set(key, next)
        leave()
        held = next
        unwatch = held.shown.watch(draw)
      }
      changed(held.shown, model, draw)
    }
    model.on(names, () => { asked ??= setTimeout(turn) })
    turn()
    return {
      get shown() { return held.shown },
      end: () => {
        clearTimeout(asked)
        leave()
      },
    }
  }
}

/** What is kept: parts watch it, it hears of the API, and once stopped it tells nobody. */
export class Kept {
  constructor(api) {
    Object.assign(this, {base: api, stream: streamOf(api), listeners: new Set(), ends: [], stopped: false})
  }

  watch(listener) {
    this.listeners.add(listener)
    listener(this)
    return () => this.listeners.delete(listener)
  }

  stop() {
    this.stopped = true
    this.ends.forEach((end) => end())
  }

  tell() {
    if (!this.stopped) for (const listener of this.listeners) listener(this)
  }

  /** Do something every so often. */
  every(ms, action) {
    const timer = setInterval(action, ms)
    this.ends.push(() => clearInterval(timer))
  }

  /** Hear a channel. */
  hear(channel, heard) {
    this.ends.push(this.stream.subscribe(channel, heard))
  }

  /** Hear when the API goes, and when it is there again and may know more. */
  followStream({back, gone = () => {}}) {
    let before = this.stream.phase
    this.ends.push(this.stream.watch(({phase}) => {
      const [isBack, isGone] = [phase === "open" && before === "down", phase === "down" && before !== "down"]
      before = phase
      if (isGone) gone()
      if (isBack) back()
    }))
  }
}
