// A few closes -> a line small enough for a table's cell.

const SVG = "http://www.w3.org/2000/svg"
const WIDTH = 68
const HEIGHT = 20

/** A line from the oldest to the newest value, green where it rose; empty for fewer than two. */
export function lineOf(values, label) {
  const svg = document.createElementNS(SVG, "svg")
  const known = values.map((value, i) => [i, value]).filter(([, value]) => value != null)
  const attributes = {width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label, class: "o-spark"}
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value)
  if (known.length < 2) return svg
  const all = known.map(([, value]) => value)
  const [low, high] = [Math.min(...all), Math.max(...all)]
  const x = (i) => 1 + (i / (values.length - 1)) * (WIDTH - 2)
  const y = (value) => 2 + (high === low ? 0.5 : 1 - (value - low) / (high - low)) * (HEIGHT - 4)
  const line = document.createElementNS(SVG, "polyline")
  line.setAttribute("points", known.map(([i, value]) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(" "))
  line.setAttribute("class", all.at(-1) < all[0] ? "o-falls" : "o-rises")
  svg.append(line)
  return svg
}
