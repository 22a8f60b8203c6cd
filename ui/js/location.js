// Page state <-> the query string, both ways, and the list of pairs that the API watches.
//
// Panel's own location sync pushes an entry for each change but does not hear Back; this does.

import {get} from "./api.js"
import {streamOf} from "./stream.js"

/** The query string of a state. */
export function queryOf({pair, interval}) {
  const [y, x] = pair.split("~")
  return `?${new URLSearchParams({y, x, tf: interval})}`
}

/** The state in a query string; what is missing there stays as it is. */
export function stateOf(search, {pair, interval}) {
  const query = new URLSearchParams(search)
  const [y, x] = pair.split("~")
  return {pair: `${query.get("y") || y}~${query.get("x") || x}`, interval: query.get("tf") || interval}
}

export function mount(box, model) {
  const current = () => ({pair: model.pair, interval: model.interval})
  const push = () => {
    const query = queryOf(current())
    if (query !== location.search) history.pushState(null, "", query)
  }
  const back = () => {
    const state = stateOf(location.search, current())
    model.pair = state.pair
    model.interval = state.interval
  }
  history.replaceState(null, "", queryOf(current()))
  model.on(["pair", "interval"], push)
  addEventListener("popstate", back)

  let asked = false
  const stream = streamOf(model.api)
  const ask = async () => {
    if (stream.phase === "down") asked = false // another API may come back
    if (asked || stream.phase !== "open") return
    asked = true
    try {
      const {pairs} = await get(model.api, "/pairs")
      model.pairs = pairs.map((each) => each.pair)
    } catch {
      asked = false // asked again at the stream's next beat, a second later
    }
  }
  const unwatch = stream.watch(ask)
  return () => {
    unwatch()
    removeEventListener("popstate", back)
  }
}
