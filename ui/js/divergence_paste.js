// Pasted text -> 3 to 80 symbols and a benchmark to be scanned as if they were a group.

import {field} from "./controls.js"
import {symbolsOf} from "./divergence_rows.js"
import {h, setText} from "./dom.js"

const LEAST = 3
const MOST = 80
const SYMBOL = /^[A-Z0-9][A-Z0-9.-]{0,19}$/

/** What is wrong with the symbols; "" if nothing. */
export function refusalOf(symbols) {
  const odd = symbols.filter((symbol) => !SYMBOL.test(symbol))
  if (odd.length) return `Expected symbols such as NVDA, BRK-B or BTCUSDT, was ${odd.slice(0, 3).join(", ")}.`
  if (symbols.length < LEAST || symbols.length > MOST) return `Expected ${LEAST} to ${MOST} different symbols, was ${symbols.length}.`
  return ""
}

/** `onscan({symbols, benchmark})` hears what is to be scanned. */
export function pasteDialog({onscan}) {
  const text = h("textarea", {class: "o-input o-paste", rows: 7, "aria-label": "Symbols", spellcheck: "false", placeholder: "NVDA, AVGO, AMD …\nseparated by commas, spaces or lines"})
  const benchmark = field({label: "Benchmark", placeholder: "SPY, or BTCUSDT for coins", maxlength: 20})
  const count = h("p", {class: "o-sub", role: "status"})
  const problem = h("p", {class: "o-problem", role: "alert", hidden: true})
  const scan = h("button", {type: "submit", class: "o-button o-primary"}, "Scan")
  const form = h("form", {method: "dialog"}, h("h2", {id: "o-paste-title"}, "Scan your own symbols"), text, count, benchmark.element, problem,
    h("p", {class: "o-sub"}, "Missing histories are fetched as the providers' quotas allow; the result comes by itself, and the address can be shared."),
    h("footer", {}, h("span", {class: "o-spring"}), h("button", {type: "button", class: "o-button", onclick: () => dialog.close()}, "Cancel"), scan))
  const dialog = h("dialog", {class: "o-dialog", "aria-labelledby": "o-paste-title"}, form)
  const tell = (words) => {
    problem.hidden = !words
    setText(problem, words)
  }
  const draw = () => {
    setText(count, `${symbolsOf(text.value).length} different symbols; ${LEAST} to ${MOST} can be scanned`)
    tell("")
  }
  text.addEventListener("input", draw)
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    const symbols = symbolsOf(text.value)
    const against = symbolsOf(benchmark.value)
    const wrong = refusalOf(symbols) || (against.length > 1 || (against[0] && !SYMBOL.test(against[0])) ? `Expected one benchmark, was ${benchmark.value}.` : "")
    if (wrong) return tell(wrong)
    dialog.close()
    onscan({symbols, benchmark: against[0] ?? ""})
  })
  return {
    element: dialog,
    open: ({symbols, benchmark: against}) => {
      text.value = symbols.join(", ")
      benchmark.set(against)
      draw()
      dialog.showModal()
      text.focus()
    },
  }
}
