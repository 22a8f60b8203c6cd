// Numbers and times -> what a person reads. Missing values are a dash.

export const DASH = "–"
const MAX_DECIMALS = 8 // the finest price step of any venue we know

const LEAST_PLAIN = 0.001 // smaller ones are mostly zeros
const QUOTED_DIGITS = 8 // of a price at a venue, at most
const PRICE_DIGITS = 6 // shown of a price that has more, as files of computed prices do

const two = (n) => String(n).padStart(2, "0")

/** hh:mm:ss UTC. */
export function clock(ms) {
  const at = new Date(ms)
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`
}

/** yyyy-mm-dd hh:mm:ss UTC. */
export function moment(ms) {
  return `${new Date(ms).toISOString().slice(0, 10)} ${clock(ms)}`
}

/** A number with grouped thousands and a fixed number of decimals. */
export function number(value, decimals = 2) {
  if (value == null || !Number.isFinite(value)) return DASH
  const text = value.toLocaleString("en-US", {minimumFractionDigits: decimals, maximumFractionDigits: decimals})
  return text.replace(/^-/, "−").replace(/^−(?=[0.,]*$)/, "")
}

/** The same with its sign always shown. */
export function signed(value, decimals = 2) {
  const text = number(value, decimals)
  return value > 0 && text !== DASH ? `+${text}` : text
}

/** How many decimals show a value of this magnitude with so many significant digits. */
export function decimalsFor(value, digits = 5) {
  const whole = value === 0 ? 1 : Math.floor(Math.log10(Math.abs(value))) + 1
  return Math.max(0, Math.min(MAX_DECIMALS, digits - whole))
}

/** So many significant digits, whatever the magnitude; tiny ones as 9.731e−5. */
export function significant(value, digits = 5) {
  if (value == null || !Number.isFinite(value)) return DASH
  if (value !== 0 && Math.abs(value) < LEAST_PLAIN) return value.toExponential(digits - 2).replace(/-/g, "−")
  return number(value, decimalsFor(value, digits))
}

/** 1234567 -> 1.23M. */
export function compact(value) {
  if (value == null || !Number.isFinite(value)) return DASH
  return value.toLocaleString("en-US", {notation: "compact", maximumFractionDigits: 2})
}

/** How many decimals a list of prices needs to be shown exactly, or well enough. */
export function decimalsOf(prices) {
  let most = 0
  for (const price of prices) {
    const text = price.toFixed(MAX_DECIMALS).replace(/0+$/, "")
    most = Math.max(most, text.length - text.indexOf(".") - 1)
  }
  const last = prices.at(-1) ?? 0
  const isNoise = most > decimalsFor(last, QUOTED_DIGITS) // such as 209.919998: nobody quotes that
  return isNoise ? decimalsFor(last, PRICE_DIGITS) : most
}

/** 83 -> "83 ms", 4321 -> "4.3 s". */
export function duration(ms) {
  if (ms == null || !Number.isFinite(ms)) return DASH
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** 95000 -> "1.6 min": a stretch of market time. */
export function span(ms) {
  const [length, unit] = [[86_400_000, "d"], [3_600_000, "h"], [60_000, "min"]].find(([each]) => ms >= 1.5 * each) ?? [1_000, "s"]
  return `${number(ms / length, ms / length < 10 ? 1 : 0)} ${unit}`
}

/** dd hh:mm:ss for what is not today's. */
export function when(ms, nowMs = Date.now()) {
  return new Date(ms).toISOString().slice(0, 10) === new Date(nowMs).toISOString().slice(0, 10) ? clock(ms) : moment(ms).slice(5)
}

/** A probability; one that rounds to nothing is "<0.001". */
export function probability(value, decimals = 3) {
  const least = 10 ** -decimals
  return value != null && value < least ? `<${least.toFixed(decimals)}` : number(value, decimals)
}
