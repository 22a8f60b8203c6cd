// A row of numbers -> a small line, in place.

const SVG = "http://www.w3.org/2000/svg"
const WIDTH = 300
const HEIGHT = 36

function make(tag, attributes) {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  return element
}

/** Draw values between low and high, with one level line; nothing for fewer than two. */
export function sparkline(box, {values, low, high, line, label}) {
  const known = values.map((value, i) => [i, value]).filter(([, value]) => value != null)
  if (known.length < 2) return box.replaceChildren()
  const y = (value) => 2 + (1 - (value - low) / (high - low)) * (HEIGHT - 4)
  const x = (i) => (i / (values.length - 1)) * WIDTH
  const svg = make("svg", {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label})
  svg.append(
    make("line", {x1: 0, x2: WIDTH, y1: y(line), y2: y(line), class: "o-level"}),
    make("polyline", {points: known.map(([i, value]) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(" ")}),
  )
  const caption = document.createElement("p")
  caption.textContent = label
  box.replaceChildren(svg, caption)
}
