// A pair, watched or not -> a dialog to add it, change how it is watched, or remove it.

import {get} from "./api.js"
import {choice, field} from "./controls.js"
import {h, setText} from "./dom.js"
import {HEDGES} from "./hedges.js"
import {DEFAULTS, inWords, watchlistOf} from "./watchlist.js"

const EDIT = "oddlot-edit-pair"

/** Open the page's dialog for a pair ("y~x"), or for a new one (null). */
export function editPair(pair, how = {}) {
  dispatchEvent(new CustomEvent(EDIT, {detail: {pair, how}}))
}

function fields() {
  const number = (label, min, max, step, hint) => field({label, type: "number", min, max, step, required: true, title: hint})
  return {
    window: number("Window, bars", 10, 5000, 1, "Closed bars behind the regression"),
    prices: choice({label: "Prices", options: [["level", "level"], ["log", "log"]]}),
    hedge: choice({label: "Hedge ratio", options: HEDGES}),
    enter_z: number("Alert at |z| ≥", 0.1, 100, "any", "An alert begins here"),
    leave_z: number("over at |z| ≤", 0, 100, "any", "An alert ends here"),
    cooldown_bars: number("Cooldown, bars", 0, 100000, 1, "Bars after an alert's end before another may begin"),
    silence_bars: number("Stale after, bars", 1, 5000, 1, "Bars a leg may go without a trade"),
  }
}

function intervalBoxes() {
  const boxes = DEFAULTS.intervals.map((interval) => h("input", {type: "checkbox", value: interval}))
  return {
    boxes,
    element: h("fieldset", {class: "o-checks"}, h("legend", {}, "Intervals"), ...boxes.map((each) => h("label", {}, each, each.value))),
    get value() { return boxes.filter((each) => each.checked).map((each) => each.value) },
    set: (intervals) => boxes.forEach((each) => { each.checked = intervals.includes(each.value) }),
  }
}

/** What the form says, in the API's words. */
function howOf(inputs, intervals) {
  const how = Object.fromEntries(Object.entries(inputs).map(([name, each]) => [name, each.input ? Number(each.value) : each.value]))
  return {...how, intervals: intervals.value}
}

export function pairDialog(model) {
  const list = watchlistOf(model.api)
  const [inputs, intervals] = [fields(), intervalBoxes()]
  const symbols = h("datalist", {id: "o-symbols"})
  const legs = ["y", "x"].map((leg) => field({label: `Leg ${leg}`, list: "o-symbols", required: true, pattern: "[A-Za-z0-9][A-Za-z0-9.\\-]{0,19}", placeholder: leg === "y" ? "BTCUSDT" : "ETHUSDT"}))
  const title = h("h2", {id: "o-dialog-title"})
  const problem = h("p", {class: "o-problem", role: "alert", hidden: true})
  const remove = h("button", {type: "button", class: "o-button o-danger"})
  const save = h("button", {type: "submit", class: "o-button o-primary"})
  const form = h("form", {method: "dialog"},
    title, h("div", {class: "o-form"}, ...legs.map((each) => each.element), ...Object.values(inputs).map((each) => each.element), intervals.element), symbols, problem,
    h("p", {class: "o-sub"}, "y is regressed on x. What you change here holds for everyone who watches this pair."),
    h("footer", {}, remove, h("span", {class: "o-spring"}), h("button", {type: "button", class: "o-button", onclick: () => dialog.close()}, "Cancel"), save))
  const dialog = h("dialog", {class: "o-dialog", "aria-labelledby": "o-dialog-title"}, form)
  let edited = null
  let sure = false

  const tell = (words) => {
    problem.hidden = !words
    setText(problem, words)
  }
  const open = (pair, how = {}) => {
    edited = pair && list.of(pair) ? pair : null
    sure = false
    setText(title, edited ? `Edit ${inWords(pair)}` : "Add a pair")
    setText(save, edited ? "Save" : "Add")
    setText(remove, "Remove")
    remove.hidden = !edited
    tell("")
    const values = {...DEFAULTS, ...(edited && list.of(pair)), ...how}
    legs.forEach((each, i) => {
      each.set(pair?.split("~")[i] ?? "")
      each.input.disabled = Boolean(edited)
    })
    for (const [name, each] of Object.entries(inputs)) each.set(values[name])
    intervals.set(values.intervals)
    get(model.api, "/symbols").then(({symbols: known}) => symbols.replaceChildren(...known.map((each) => h("option", {value: each.symbol ?? each}))), () => {})
    dialog.showModal()
  }
  const act = async (work) => {
    save.disabled = remove.disabled = true
    tell("")
    try {
      await work()
      dialog.close()
    } catch (error) {
      const parts = (error.errors ?? []).map((each) => `${each.where}: expected ${each.expected}, was ${each.was}`)
      tell(parts.length ? parts.join("; ") : error.message)
    } finally {
      save.disabled = remove.disabled = false
    }
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    const pair = edited ?? legs.map((each) => each.value.trim().toUpperCase()).join("~")
    act(async () => {
      await list.put(pair, howOf(inputs, intervals))
      model.window = 0 // as it is watched now
      model.pair = pair
    })
  })
  remove.addEventListener("click", () => {
    if (sure) return act(() => list.remove(edited))
    sure = true
    return setText(remove, "Really stop watching it?")
  })
  const hear = ({detail}) => open(detail.pair, detail.how)
  addEventListener(EDIT, hear)
  return {element: dialog, open, end: () => removeEventListener(EDIT, hear)}
}
