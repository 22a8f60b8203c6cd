// A part that is built anew whenever what it shows changes, and not more than once for one change.

import {h} from "./dom.js"
import {sourceOf} from "./source.js"

const WHAT = ["pair", "interval", "mode", "upload"]
export const DRAWN = [...WHAT, "until"] // of charts that draw all of a long upload, or every bar up to a time
const HOW = ["window", "prices", "hedge"] // live, these are the pair's own and come with its rows

/** Keep `show(source)` on screen; it returns {dispose}. Returns how to end, and what is shown. */
export function keepShown(box, model, {names = WHAT, show, also = () => () => {}}) {
  let current = null
  let turn = 0
  const close = () => {
    current?.dispose()
    current = null
    box.replaceChildren()
  }
  const open = async () => {
    const mine = ++turn // a later change makes this one worthless
    const fresh = () => mine === turn
    if (model.mode === "upload" && !model.upload) return close() // nothing to show before a file
    try {
      const source = await sourceOf(model)
      if (!fresh()) return
      close()
      current = show(source)
    } catch (error) {
      if (!fresh()) return
      close()
      box.append(h("p", {class: "o-line", role: "alert"}, error.message))
    }
  }
  let asked = null
  const again = () => { asked ??= setTimeout(() => { asked = null; open() }) }
  model.on(names, again)
  model.on(HOW, () => model.upload && again())
  const unfollow = also(again)
  open()
  return {
    get current() { return current },
    end: () => {
      turn += 1
      clearTimeout(asked)
      unfollow()
      close()
    },
  }
}

/** Let tests look at what is shown. */
export function expose(name, kept) {
  const charts = ((window.oddlot ??= {}).charts ??= {})
  Object.defineProperty(charts, name, {configurable: true, enumerable: true, get: () => kept.current})
  return () => delete charts[name]
}
