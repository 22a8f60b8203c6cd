// The page's query string <-> the address bar.
//
// Panel's own location sync pushes an entry for each change but does not hear Back; this does.

const STEPS = ["y", "x", "tf", "mode", "upload", "groups", "interval", "symbols", "forum", "hour", "symbol", "source"] // what makes an entry in the history; the rest corrects the present one

/** Whether somebody would want to go back from `after` to `before`. */
export function isStep(before, after) {
  const [old, now] = [new URLSearchParams(before), new URLSearchParams(after)]
  return STEPS.some((name) => old.get(name) !== now.get(name))
}

export function mount(box, model) {
  const go = () => {
    if (model.search === location.search) return
    if (isStep(location.search, model.search)) history.pushState(null, "", model.search)
    else history.replaceState(null, "", model.search)
  }
  const back = () => { model.search = location.search }
  history.replaceState(null, "", model.search)
  model.on("search", go)
  addEventListener("popstate", back)
  return () => removeEventListener("popstate", back)
}
