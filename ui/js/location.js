// The page's query string <-> the address bar, and the list of pairs that the API watches.
//
// Panel's own location sync pushes an entry for each change but does not hear Back; this does.

import {get} from "./api.js"
import {streamOf} from "./stream.js"

/** Keep the address bar and `model.search` the same, with an entry in the history for each change. */
function followAddress(model) {
  const push = () => model.search !== location.search && history.pushState(null, "", model.search)
  const back = () => { model.search = location.search }
  history.replaceState(null, "", model.search)
  model.on("search", push)
  addEventListener("popstate", back)
  return () => removeEventListener("popstate", back)
}

/** Fetch the list of pairs once the API is there, and again when another API may have come back. */
function listPairs(model) {
  const stream = streamOf(model.api)
  let asked = false
  return stream.watch(async () => {
    if (stream.phase === "down") asked = false
    if (asked || stream.phase !== "open") return
    asked = true
    try {
      const {pairs} = await get(model.api, "/pairs")
      model.pairs = pairs.map((each) => each.pair)
    } catch {
      asked = false // asked again at the stream's next beat, a second later
    }
  })
}

export function mount(box, model) {
  const ends = [followAddress(model), listPairs(model)]
  return () => ends.forEach((end) => end())
}
